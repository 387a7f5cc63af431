#!/usr/bin/python
# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_info
short_description: Read Globus timers, their runs and their health
version_added: 0.1.0
description:
  - Returns the timers of the account with their health, and the reason for each problem and its remedy.
  - The module determines the health of a timer from its transfer tasks. A run of a timer only submits a transfer task.
    If a path is missing or an endpoint is offline, the task does not fail. Globus retries it for one to three days, and
    the timer skips its runs in the meantime.
  - Every timer has a C(definition). Passing it to M(research_ops.globus.timers) changes nothing. This lets you take
    over timers that were created by hand.
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth
  - research_ops.globus.auth.connection
  - research_ops.globus.attributes.info
  - research_ops.globus.attributes.action_group
options:
  timer_id:
    description:
      - Only return the timer with this UUID, whatever its status. For an unknown UUID the list is empty.
      - Mutually exclusive with O(name), O(name_prefix) and O(name_contains). O(status) and O(type) are ignored.
    type: str
  name:
    description: Only return timers with exactly this name. Case-sensitive.
    type: str
  name_prefix:
    description:
      - Only return timers whose names start with this text. Case-sensitive.
      - An empty text is refused, as in O(name) and O(name_contains). To read all timers, leave the option out, for
        example with C(default(omit, true\)).
    type: str
  name_contains:
    description: Only return timers whose names contain this text. Not case-sensitive.
    type: str
  status:
    description:
      - Only return timers with these statuses.
      - "V(active): Timers that run, including those that have not run yet."
      - "V(inactive): Timers that a user paused or that Globus stopped."
      - "V(ended): Timers that have completed all their runs. Globus forgets them after 90 days."
      - If not set, V(active) and V(inactive). With O(health=unhealthy), all three.
    type: list
    elements: str
    choices: [active, inactive, ended]
  type:
    description:
      - Only return timers of this type. If not set, all types.
      - "V(transfer): Timers that run a transfer."
      - "V(flow): Timers that run a flow."
      - "V(generic): All other timers. The modules cannot manage these."
    type: str
    choices: [transfer, flow, generic]
  health:
    description:
      - Only return timers with this health.
      - "V(any): All timers."
      - "V(unhealthy): Timers that need attention. Their RV(timers[].health.state) is not V(ok), V(paused) or V(ended)."
    type: str
    choices: [any, unhealthy]
    default: any
  runs:
    description:
      - Number of recent runs to return for each timer, as RV(timers[].recent_runs).
      - The list of timers may contain fewer runs than this. The module then sends an additional request for each timer
        that has more runs.
    type: int
    default: 0
  transfers:
    description:
      - Whether to read the transfer tasks of the timers, to determine their health.
      - The module reads the tasks of the last two runs of each timer. If neither is a complete transfer, it reads up to
        eight older tasks. It sends one request for each hundred tasks.
      - If tasks cannot be read, for example without a transfer token, the module warns and determines the health from
        the timers alone. See RV(timers[].health.source).
    type: bool
    default: true
  max_age:
    description:
      - A timer is V(stale) if it has completed no transfer within this time, for example V(2d), V(36h) or a number of
        seconds. Applies to timers that run a transfer. If not set, no timer is stale.
      - A timer that is younger than this, or whose history is shorter, is not stale. Globus keeps a history of 90 days.
      - Requires O(transfers=true).
    type: str
notes:
  - If you set several of O(name), O(name_prefix), O(name_contains), O(status), O(type) and O(health), the module
    returns the timers that match all of them.
seealso:
  - module: research_ops.globus.timers
    description: Manages timers with the definitions that this module returns.
  - module: research_ops.globus.collection_info
    description: Check whether timers have the consents that they need.
  - plugin: research_ops.globus.backup_report
    plugin_type: filter
    description: Creates a report from the return values of this module.
  - name: Health and alerts
    description: What each state of health means, how to fix problems, and an example of an alert.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_health.rst
  - name: Taking over existing timers
    description: How to manage timers that were created by hand.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_taking_over.rst
"""

EXAMPLES = r"""
- name: Read all timers of the facility
  research_ops.globus.timer_info:
    name_prefix: facility-
  register: facility

- name: Show the next run of each timer
  ansible.builtin.debug:
    msg: "{{ item.name | to_json }}: {{ item.next_run }}"
  loop: "{{ facility.timers }}"
  loop_control:
    label: "{{ item.id }}"

- name: Find timers that need attention
  research_ops.globus.timer_info:
    name_prefix: facility-
    health: unhealthy
    max_age: 3d
  register: unhealthy

- name: Fail if there are any
  ansible.builtin.assert:
    that: unhealthy.timers | length == 0
    fail_msg: "{{ unhealthy.timers | map(attribute='health.reason') | join('; ') }}"

- name: Read a timer before its next run
  research_ops.globus.timer_info:
    name: microscope-nightly
  register: before

- name: Wait up to an hour for its next complete transfer
  research_ops.globus.timer_info:
    name: microscope-nightly
  register: after
  until:
    - after.timers[0].last_success is not none
    - after.timers[0].last_success != before.timers[0].last_success
  retries: 60
  delay: 60

- name: Read the last ten runs of one timer
  research_ops.globus.timer_info:
    name: microscope-nightly
    runs: 10
  register: microscope

- name: Show the errors of failed runs
  ansible.builtin.debug:
    msg: "{{ microscope.timers[0].recent_runs | selectattr('failed') | map(attribute='message') }}"

- name: Show the last complete transfer
  ansible.builtin.debug:
    msg: "{{ microscope.timers[0].last_success }}"

- name: Read the timers with a single request, without their transfer tasks
  research_ops.globus.timer_info:
    transfers: false

- name: Read one timer by its ID, whatever its status
  research_ops.globus.timer_info:
    timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f

- name: Find inactive and ended timers with a transfer, by a part of their name
  research_ops.globus.timer_info:
    name_contains: microscope
    type: transfer
    status:
      - inactive
      - ended

- name: Sign in with the login of the Globus CLI
  research_ops.globus.timer_info:
    auth_method: cli
"""

RETURN = r"""
timers:
  description: The timers, sorted by name.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: ID of the timer.
      type: str
      sample: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
    name:
      description: Name of the timer.
      type: str
      sample: microscope-nightly
    status:
      description: Status of the timer as Globus reports it. V(new), V(loaded) and V(active) mean the same.
      type: str
      sample: loaded
    type:
      description: V(transfer), V(flow) or V(generic).
      type: str
      sample: transfer
    definition:
      description:
        - The definition of the timer. Passing it to M(research_ops.globus.timers) changes nothing. Options that are not
          set are omitted.
        - It contains a C(timer_id) instead of a C(name) if the timer has no name, or if another timer that has not
          ended has the same name.
        - It contains C(state=paused) if a user paused the timer, so that taking it over in another account does not
          start it.
        - Null for a timer that the modules cannot manage, see RV(timers[].not_manageable).
      type: dict
      sample:
        name: microscope-nightly
        transfer:
          source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
          destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
          paths:
            - source_path: /data/microscope/
              destination_path: /backup/microscope/
              recursive: true
          verify_checksum: true
          preserve_timestamp: false
          encrypt_data: false
          delete_destination_extra: false
          skip_source_errors: false
          fail_on_quota_errors: false
          notify_on_succeeded: true
          notify_on_failed: true
          notify_on_inactive: true
          store_base_path_info: false
        schedule:
          interval: 1d
          start: "2026-03-03T04:00:00+00:00"
    next_run:
      description: The next run, ISO 8601 in UTC, or null.
      type: str
      sample: "2026-03-03T04:00:00+00:00"
    last_run:
      description: The last run, ISO 8601 in UTC, or null.
      type: str
      sample: "2026-03-03T04:00:00+00:00"
    runs:
      description: Number of runs so far.
      type: int
      sample: 1
    errors:
      description:
        - Number of timer errors as Globus reports it. It counts runs that could not be started.
        - Whether it also counts failed transfers is unknown.
      type: int
      sample: 0
    inactive_reason:
      description: Why the timer is inactive, as Globus reports it, or null.
      type: dict
      sample:
        cause: user
        detail: null
    submitted_at:
      description: When the timer was created, ISO 8601 in UTC.
      type: str
      sample: "2026-03-02T12:00:00+00:00"
    url:
      description: Page of the timer in the Globus web app.
      type: str
      sample: https://app.globus.org/activity/timers/226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
    health:
      description: Whether the timer works.
      type: dict
      contains:
        state:
          description:
            - "V(ok): The timer works. Also used for a timer that has not run yet, which the reason mentions."
            - "V(failing): The last finished transfer or flow run failed, or the last run could not be started."
            - "V(stalled): Its transfer makes no progress. It has been retrying an error for more than 15 minutes, or it
              is paused, or its credentials have expired."
            - "V(incomplete): The last transfer succeeded, but skipped items that could not be read at the source."
            - "V(overrunning): Its transfer takes longer than the interval of the timer, so runs are skipped."
            - "V(overdue): Its next run should have started at least 50 minutes ago, and has not started. This also
              applies to the first run."
            - "V(stale): It completed no transfer within O(max_age)."
            - "V(paused): A user paused it."
            - "V(needs_consent): Globus stopped it because a consent is missing."
            - "V(needs_session): Globus stopped it because somebody has to sign in again for a high assurance
              collection."
            - "V(inactive): Globus stopped it for another reason."
            - "V(ended): It has completed all its runs, and the last one did not fail. If it failed, the timer is
              V(failing) until a later timer of the same name succeeds. If its last transfer is stalled, the timer is
              V(stalled)."
          type: str
          sample: paused
        reason:
          description: The reason in one sentence, or null.
          type: str
          sample: A user paused it
        remedy:
          description: How to fix it, or null.
          type: str
          sample: "Resume it with state: active. If it missed a run, it then runs at once"
        since:
          description: When the current state began, ISO 8601 in UTC, or null if this is unknown.
          type: str
          sample: "2026-03-03T12:00:00+00:00"
        source:
          description:
            - "V(transfer): The health is determined from the transfer tasks of the timer."
            - "V(timer): The health is determined from the timer alone, which does not show whether data arrived."
          type: str
          sample: transfer
    last_success:
      description:
        - The last complete transfer, or null if there is none among the runs that were read.
        - Always null if the tasks of the timer were not read.
      type: dict
      contains:
        ran_at:
          description: When the run started, ISO 8601 in UTC.
          type: str
          sample: "2026-03-03T04:00:00+00:00"
        completed_at:
          description: When the transfer completed, ISO 8601 in UTC.
          type: str
          sample: "2026-03-03T04:00:00+00:00"
        task_id:
          description: ID of the transfer task.
          type: str
          sample: a5d2f5f8-16cd-11f1-9f0b-0242ac110002
        files:
          description: Number of files that the task checked.
          type: int
          sample: 1204
        files_transferred:
          description: Number of files that it transferred.
          type: int
          sample: 1204
        bytes_transferred:
          description: Number of bytes that it transferred.
          type: int
          sample: 52428800000
    last_success_searched:
      description: Number of runs that were read to find RV(timers[].last_success).
      type: int
      sample: 1
    not_manageable:
      description:
        - Why the modules of this collection cannot manage the timer.
        - A timer that runs neither a transfer nor a flow has no definition. A timer runs a transfer only if it sends a
          transfer document to a Transfer action provider of Globus. A document that is sent to any other address
          transfers nothing.
        - If a timer has a setting that the modules do not support, such as C(transfer.recursive_symlinks), this names
          it. The modules never replace such a timer, because the new timer would lose the setting.
        - If the document of a timer cannot be parsed, this is the reason. All other timers are returned as usual.
      type: str
      returned: when RV(timers[].definition) is null
      sample: The timer neither transfers data nor runs a flow
    recent_runs:
      description: The most recent runs, the latest first.
      type: list
      elements: dict
      returned: when O(runs) is not 0
      contains:
        ran_at:
          description: When the run started, ISO 8601 in UTC.
          type: str
          sample: "2026-03-03T04:00:00+00:00"
        failed:
          description:
            - Whether the transfer failed, according to its task.
            - Without a task, whether the timer reports that the run failed.
          type: bool
          sample: false
        status:
          description: Status of the task. Without a task, the status of the run as Globus reports it, or null.
          type: str
          sample: SUCCEEDED
        message:
          description: Why it failed, or null.
          type: str
          sample: null
        task_id:
          description:
            - ID of the transfer task, or null.
            - Other IDs of the run are not returned.
          type: str
          sample: a5d2f5f8-16cd-11f1-9f0b-0242ac110002
        transfer:
          description: The transfer task, or null if it was not read or no longer exists.
          type: dict
          contains:
            task_id:
              description: ID of the transfer task.
              type: str
              sample: a5d2f5f8-16cd-11f1-9f0b-0242ac110002
            status:
              description: V(ACTIVE), V(INACTIVE), V(SUCCEEDED) or V(FAILED).
              type: str
              sample: SUCCEEDED
            detail:
              description:
                - Details from Globus, such as V(OK), V(Queued) or V(FILE_NOT_FOUND). Null after a success.
                - Everything except V(OK) and V(Queued) is an error, which Globus retries until the deadline.
              type: str
              sample: null
            files:
              description: Number of files that the task checked.
              type: int
              sample: 1204
            files_transferred:
              description: Number of files that it transferred.
              type: int
              sample: 1204
            files_skipped:
              description: Number of files that it skipped because the destination already has them.
              type: int
              sample: 0
            bytes_transferred:
              description: Number of bytes that it transferred.
              type: int
              sample: 52428800000
            skipped_errors:
              description: Number of items that it skipped because they could not be read at the source.
              type: int
              sample: 0
            faults:
              description: Number of failed attempts.
              type: int
              sample: 0
            requested_at:
              description: When the task was submitted, ISO 8601 in UTC.
              type: str
              sample: "2026-03-03T04:00:00+00:00"
            completed_at:
              description: When the task finished, ISO 8601 in UTC, or null.
              type: str
              sample: "2026-03-03T04:00:00+00:00"
            deadline:
              description: When Globus gives up, ISO 8601 in UTC.
              type: str
              sample: "2026-03-06T04:00:00+00:00"
            url:
              description: Page of the task in the Globus web app.
              type: str
              sample: https://app.globus.org/activity/a5d2f5f8-16cd-11f1-9f0b-0242ac110002
msg:
  description: The error message.
  type: str
  returned: failure
  sample: >-
    timer_id must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not 'not one'
error:
  description: The error in a machine-readable form.
  type: dict
  returned: on failure, unless Ansible itself refuses the options
  contains:
    code:
      description: Error code of Globus, or of the module (in snake case), or null.
      type: str
    http_status:
      description: HTTP status of the response, or null if there was none.
      type: int
    request_id:
      description: Request ID for Globus support, or null if there was none.
      type: str
  sample:
    code: login_required
    http_status: null
    request_id: null
remedy:
  description: The command or change that fixes the error.
  type: str
  returned: on failure, if there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.timer_info import run_timer_info


def main() -> None:
    run_timer_info()


if __name__ == "__main__":
    main()
