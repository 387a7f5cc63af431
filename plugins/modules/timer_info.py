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
  - Returns the timers of the account with their health, the reason of a problem, and its remedy.
  - The health of a timer that transfers is judged by its Transfer tasks. A run only submits a task. If a path is
    missing or an endpoint is off, the task does not fail. Globus tries again for one to three days, and the timer skips
    its runs meanwhile.
  - Every entry has a C(definition). If you pass it to M(research_ops.globus.timers), nothing changes, so you can take
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
      - Only the timer of this UUID, whatever its status. An unknown one gives an empty list.
      - Excludes O(name), O(name_prefix) and O(name_contains). O(status) and O(type) have no say then.
    type: str
  name:
    description: Only timers of exactly this name, in the same upper and lower case.
    type: str
  name_prefix:
    description: Only timers whose name starts with this, in the same upper and lower case.
    type: str
  name_contains:
    description: Only timers whose name contains this, in upper or lower case.
    type: str
  status:
    description:
      - Only timers of these statuses.
      - "V(active): Timers that run, new ones that have not run yet among them."
      - "V(inactive): Timers that their user paused, or that the service stopped."
      - "V(ended): Timers that have done all their runs. The service forgets them after 90 days."
      - If not set, V(active) and V(inactive), and with O(health=unhealthy) all three.
    type: list
    elements: str
    choices: [active, inactive, ended]
  type:
    description:
      - Only timers of this type. If not set, of all types.
      - "V(transfer): Timers that transfer."
      - "V(flow): Timers that run a flow."
      - "V(generic): All other timers. The modules cannot manage these."
    type: str
    choices: [transfer, flow, generic]
  health:
    description:
      - Only timers of this health.
      - "V(any): All timers."
      - "V(unhealthy): Timers that someone should look at, which are those whose RV(timers[].health.state) is not V(ok),
        V(paused) or V(ended)."
    type: str
    choices: [any, unhealthy]
    default: any
  runs:
    description:
      - How many of its last runs to return with each timer, as RV(timers[].recent_runs).
      - The list of all timers may bring fewer runs than this. Then the module sends one more request for each timer
        that has more.
    type: int
    default: 0
  transfers:
    description:
      - Whether to read the Transfer tasks of the timers, by which their health is judged.
      - The module reads the tasks of the last two runs of each timer, and for timers without a complete transfer among
        these up to eight older ones. It sends one request for each hundred tasks.
      - If tasks cannot be read, for example without a transfer token, the module warns and judges by what the timers
        say of their runs. See RV(timers[].health.source).
    type: bool
    default: true
  max_age:
    description:
      - A timer that transfers is V(stale) if no complete transfer arrived within this time, such as V(2d), V(36h) or a
        number of seconds. If not set, no timer is stale.
      - A timer that is younger than this is not stale, nor is one whose readable history is shorter. The service keeps
        90 days.
      - Needs O(transfers=true).
    type: str
notes:
  - What several of the options O(name), O(name_prefix), O(name_contains), O(status), O(type) and O(health) choose are
    the timers that meet all of them.
seealso:
  - module: research_ops.globus.timers
    description: Takes the definitions that this module returns.
  - module: research_ops.globus.collection_info
    description: Whether the consents are there that timers need.
  - plugin: research_ops.globus.backup_report
    plugin_type: filter
    description: Turns what this module returns into a report.
  - ref: ansible_collections.research_ops.globus.docsite.guide_health
    description: What each state of health means, what cures it, and an alert to copy.
  - ref: ansible_collections.research_ops.globus.docsite.guide_taking_over
    description: From timers that were made by hand to a list that manages them.
"""

EXAMPLES = r"""
- name: Read all timers of the facility
  research_ops.globus.timer_info:
    name_prefix: facility-
  register: facility

- name: Show when each runs next
  ansible.builtin.debug:
    msg: "{{ dict(facility.timers | map(attribute='name') | zip(facility.timers | map(attribute='next_run'))) }}"

- name: Find timers that someone should look at
  research_ops.globus.timer_info:
    name_prefix: facility-
    health: unhealthy
    max_age: 2d
  register: unhealthy

- name: Fail when there are any
  ansible.builtin.assert:
    that: unhealthy.timers | length == 0
    fail_msg: "{{ unhealthy.timers | map(attribute='health.reason') | join('; ') }}"

- name: Read the last ten runs of one timer
  research_ops.globus.timer_info:
    name: microscope-nightly
    runs: 10
  register: microscope

- name: Show those that failed
  ansible.builtin.debug:
    msg: "{{ microscope.timers[0].recent_runs | selectattr('failed') | map(attribute='message') }}"

- name: Show when data last arrived whole, or null
  ansible.builtin.debug:
    msg: "{{ microscope.timers[0].last_success }}"

- name: Read the timers without their transfer tasks, with a single request
  research_ops.globus.timer_info:
    transfers: false

- name: Read one timer by its ID, whatever its status
  research_ops.globus.timer_info:
    timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f

- name: Find timers that transfer and have ended, or that do not run, by a part of their name
  research_ops.globus.timer_info:
    name_contains: microscope
    type: transfer
    status:
      - inactive
      - ended

- name: Read the timers of the login of the Globus CLI
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
      description: The service's word for its status. V(new), V(loaded) and V(active) mean the same.
      type: str
      sample: loaded
    type:
      description: V(transfer), V(flow) or V(generic).
      type: str
      sample: transfer
    definition:
      description:
        - The definition which, given to M(research_ops.globus.timers), changes nothing. Unset options are left out.
        - It has a C(timer_id) instead of a C(name) where the name does not tell the timer, because it has none, or
          another unfinished timer has the same.
        - It has C(state=paused) where a user paused the timer. So taking it over elsewhere does not start it.
        - Null for a timer that cannot be managed, see RV(timers[].not_manageable).
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
        - What the service calls the number of timer errors. It counts runs that could not be started.
        - It is not known whether it counts transfers that failed.
      type: int
      sample: 0
    inactive_reason:
      description: Why the timer is inactive, in the service's own words, or null.
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
            - "V(ok): The timer works. Also for a timer that has not run yet, with this as the reason."
            - "V(failing): The last transfer or flow run that is over failed, or the last run could not be started."
            - "V(stalled): Its transfer stands still. It has been retrying an error for more than 15 minutes, or it is
              paused, or its credentials ran out."
            - "V(incomplete): The last transfer succeeded and left out items that could not be read at the source."
            - "V(overrunning): Its transfer takes longer than the interval of the timer, so that runs are skipped."
            - "V(overdue): Its next run is past, or it never ran although it should have."
            - "V(stale): No complete transfer arrived within O(max_age)."
            - "V(paused): A user paused it."
            - "V(needs_consent): The service stopped it because a consent is missing."
            - "V(needs_session): The service stopped it because someone must sign in again, on a high assurance
              collection."
            - "V(inactive): The service stopped it for any other reason."
            - "V(ended): It has done all its runs, and the last of them did not fail. A failed one is V(failing) until a
              later timer of the same name succeeded."
          type: str
          sample: paused
        reason:
          description: Why, in one sentence, or null.
          type: str
          sample: A user paused it
        remedy:
          description: What cures it, or null.
          type: str
          sample: "state: active resumes it; if it missed a run, it runs at once"
        since:
          description: Since when the timer is in this state, ISO 8601 in UTC, or null if nobody knows.
          type: str
          sample: "2026-03-03T12:00:00+00:00"
        source:
          description:
            - "V(transfer): The health is judged by the Transfer tasks of the timer."
            - "V(timer): It is judged by what the timer says of its runs, which does not tell whether data arrived."
          type: str
          sample: transfer
    last_success:
      description:
        - The last transfer that arrived whole, or null if none was found among the runs that were looked at.
        - Always null for a timer whose tasks were not read.
      type: dict
      contains:
        ran_at:
          description: When the run started, ISO 8601 in UTC.
          type: str
          sample: "2026-03-03T04:00:00+00:00"
        completed_at:
          description: When the transfer was complete, ISO 8601 in UTC.
          type: str
          sample: "2026-03-03T04:00:00+00:00"
        task_id:
          description: ID of the transfer task.
          type: str
          sample: a5d2f5f8-16cd-11f1-9f0b-0242ac110002
        files:
          description: How many files the task looked at.
          type: int
          sample: 1204
        files_transferred:
          description: How many files it transferred.
          type: int
          sample: 1204
        bytes_transferred:
          description: How many bytes it transferred.
          type: int
          sample: 52428800000
    last_success_searched:
      description: How many runs were looked at to find RV(timers[].last_success).
      type: int
      sample: 1
    not_manageable:
      description:
        - Why the modules of this collection cannot manage the timer.
        - A timer that neither transfers nor runs a flow has no definition. A timer transfers if it sends a transfer
          document to a Transfer action provider of Globus; sent to any other address, the document transfers nothing.
        - What a timer does and no option says is named here, such as C(transfer.recursive_symlinks). The modules
          never delete such a timer in favour of a new one, which would do something else.
        - If the document of a timer cannot be understood, the reason is here. All other timers are returned as usual.
      type: str
      returned: when RV(timers[].definition) is null
      sample: By its callback document and address it neither transfers nor runs a flow
    recent_runs:
      description: The last runs, the latest first.
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
            - Without a task, whether the timer shows any sign that the run failed.
          type: bool
          sample: false
        status:
          description: The status of the task, or without a task the service's word for the status of the run, or null.
          type: str
          sample: SUCCEEDED
        message:
          description: Why it failed, or null.
          type: str
          sample: null
        task_id:
          description:
            - ID of the transfer task, or null.
            - Other IDs that the service has for a run are no IDs of tasks, and are not returned.
          type: str
          sample: a5d2f5f8-16cd-11f1-9f0b-0242ac110002
        transfer:
          description: The transfer task, or null if it was not read or Transfer no longer knows it.
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
                - What Globus says of it, such as V(OK), V(Queued), V(FILE_NOT_FOUND), or null after a success.
                - Every other word than V(OK) and V(Queued) names an error. Globus retries it until the deadline.
              type: str
              sample: null
            files:
              description: How many files the task looked at.
              type: int
              sample: 1204
            files_transferred:
              description: How many files it transferred.
              type: int
              sample: 1204
            files_skipped:
              description: How many files it did not transfer because they are at the destination already.
              type: int
              sample: 0
            bytes_transferred:
              description: How many bytes it transferred.
              type: int
              sample: 52428800000
            skipped_errors:
              description: How many items it left out because they could not be read at the source.
              type: int
              sample: 0
            faults:
              description: How many tries failed.
              type: int
              sample: 0
            requested_at:
              description: When the task was submitted, ISO 8601 in UTC.
              type: str
              sample: "2026-03-03T04:00:00+00:00"
            completed_at:
              description: When the task was over, ISO 8601 in UTC, or null.
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
  description: Why the task failed, in a sentence that a person can act on.
  type: str
  returned: failure
  sample: >-
    timer_id must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not 'not one'
error:
  description: What failed, for programs. RV(msg) says it for people.
  type: dict
  returned: on failure, unless Ansible itself refuses the options
  contains:
    code:
      description: The service's error code, or one of the module's own in snake case, or null.
      type: str
    http_status:
      description: HTTP status of the answer, or null where there was none.
      type: int
    request_id:
      description: The service's request ID, to be told to its support, or null where it gave none.
      type: str
  sample:
    code: login_required
    http_status: null
    request_id: null
remedy:
  description: The command or edit that cures the failure.
  type: str
  returned: on failure, where there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.timer_info import run_timer_info


def main() -> None:
    run_timer_info()


if __name__ == "__main__":
    main()
