#!/usr/bin/python
# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timers
short_description: Manage many Globus timers in one task
version_added: 0.1.0
description:
  - Manages a list of timers, each with the options of M(research_ops.globus.timer), with few requests. It lists the
    existing timers, looks up each collection once, sends one request for each timer that it creates, and lists the
    timers once more to make sure that none was created twice.
  - Optionally deletes the timers with a name prefix that are not in the list.
  - One timer that fails does not stop the others. The task then fails, names each failure, and returns the result of
    every timer.
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth
  - research_ops.globus.auth.connection
  - research_ops.globus.definition.list
  - research_ops.globus.definition.about
  - research_ops.globus.attributes
  - research_ops.globus.attributes.action_group
options:
  purge:
    description:
      - Delete the timers that have not ended, whose names start with O(purge_prefix), and that are not in the list.
      - Purging is the last step, and happens only if every entry succeeded. It is refused if the list keeps no timer.
    type: bool
    default: false
  purge_prefix:
    description:
      - O(purge) deletes only timers whose names start with this prefix. Required with O(purge=true), and not empty.
      - V(backup-), the default prefix of the role P(research_ops.globus.backup#role), and shorter prefixes such as
        V(backup) are refused, because they could match timers of other people.
    type: str
  purge_limit:
    description:
      - If O(purge) would delete more timers than this, the task fails and changes nothing. With V(0), every deletion by
        O(purge) fails.
    type: int
    default: 10
  concurrency:
    description:
      - Maximum number of simultaneous requests, from 1 to 16. The module slows down if Globus asks for it.
    type: int
    default: 4
notes:
  - Every entry needs O(timers[].name) or O(timers[].timer_id).
  - Globus allows one run a minute for all timers of an account together. The module adds up the runs of the existing
    timers and of those that it would create, and fails before it changes anything if the sum exceeds the limit. While a
    timer is replaced, both the old and the new timer count. If that would exceed the limit, the message says what to
    do.
  - Without O(timers[].schedule.start), a timer that has completed its only run, or all runs of
    O(timers[].schedule.end.count), is not created again. The module changes nothing and warns. To run it again, use a
    later O(timers[].schedule.start) or another name.
  - Globus forgets a timer 90 days after it has ended. If the playbook still contains such a timer, the module then
    creates it again. Set a start to avoid that, or remove the timer from the playbook.
seealso:
  - module: research_ops.globus.timer
    description: Manage one timer.
  - name: Backups
    description: Common backup schedules from a short list of jobs, with the role P(research_ops.globus.backup#role).
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_backups.rst
  - plugin: research_ops.globus.backup_timers
    plugin_type: filter
    description: Converts backup jobs into a list for this module.
  - name: Many timers in one task
    description: How to manage hundreds of timers in one task, and how to purge.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_many_timers.rst
  - name: Taking over existing timers
    description: How to manage timers that were created by hand.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_taking_over.rst
"""

EXAMPLES = r"""
- name: Manage the timers of a facility, and delete all others with its prefix
  research_ops.globus.timers:
    on_drift: replace
    on_inactive: resume
    purge: true
    purge_prefix: facility-
    timers:
      - name: facility-microscope
        transfer:
          <<: &facility
            source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
            destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
            sync_level: checksum
          paths:
            - source_path: /data/microscope/
              destination_path: /backup/microscope/
              recursive: true
        schedule:
          interval: 1d
          at: "22:00"
          timezone: America/Chicago
      - name: facility-sequencer
        transfer:
          <<: *facility
          paths:
            - source_path: /data/sequencer/
              destination_path: /backup/sequencer/
              recursive: true
        schedule:
          interval: 1w
          weekday: sunday
          at: "04:00"
          timezone: America/Chicago
      - name: facility-publication
        flow:
          flow_id: 24bc4997-b483-4c25-a19c-64b0afc00743
          input:
            source_path: /data/microscope/
        schedule:
          interval: 12h
          start: "2026-12-01T06:00:00Z"
        on_drift: warn # for this one only
      - name: facility-old-camera
        state: absent

- name: Check what purging would delete
  research_ops.globus.timers:
    purge: true
    purge_prefix: facility-
    timers:
      - name: facility-microscope
        state: active
  check_mode: true
  diff: true
  register: foreseen

- name: Show the names of the timers that would be deleted
  ansible.builtin.debug:
    msg: "{{ foreseen.purged | map(attribute='name') | map('to_json') | join(', ') }}"

- name: Pause some timers for a maintenance window
  research_ops.globus.timers:
    timers:
      - name: facility-microscope
        state: paused
      - name: facility-sequencer
        state: paused

- name: Create a timer with the same schedule for each of many shares
  research_ops.globus.timers:
    timers: "{{ shares | map('combine', common) }}"
    concurrency: 8
  vars:
    common:
      schedule:
        interval: 1d
        at: "22:00"
    shares:
      - name: share-anna
        transfer:
          <<: &collections
            source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
            destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
          paths:
            - source_path: /home/anna/
              destination_path: /backup/anna/
              recursive: true
      - name: share-ben
        transfer:
          <<: *collections
          paths:
            - source_path: /home/ben/
              destination_path: /backup/ben/
              recursive: true

- name: Delete up to a hundred timers with a prefix, except for one timer
  research_ops.globus.timers:
    purge: true
    purge_prefix: share-
    purge_limit: 100
    timers:
      - name: share-anna
        state: active

- name: Read the timers that were created by hand
  research_ops.globus.timer_info:
    name_prefix: by-hand-
  register: by_hand

- name: Take them over without changing them
  research_ops.globus.timers:
    timers: "{{ by_hand.timers | map(attribute='definition') | select }}"
    on_drift: fail

- name: Sign in as a person for all tasks of a block
  module_defaults:
    group/research_ops.globus.globus:
      auth_method: user
      client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
  block:
    - name: Manage a timer of your own
      research_ops.globus.timers:
        timers:
          - name: my-share-nightly
            transfer:
              source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
              destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
              paths:
                - source_path: /home/me/
                  destination_path: /backup/me/
                  recursive: true
            schedule:
              interval: 1d
              at: "22:00"
"""

RETURN = r"""
timers:
  description: The result of each entry, in the order of the list.
  type: list
  elements: dict
  returned: success, and failure after the timers were listed
  contains:
    name:
      description: Name of the timer.
      type: str
      sample: microscope-nightly
    changed:
      description: Whether the timer was changed, or in check mode would be changed.
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      type: bool
      sample: false
    msg:
      description: Error message, or empty.
      type: str
      sample: ""
    timer_id:
      description:
        - ID of the timer. Null after O(timers[].state=absent), and in check mode for a timer that would be created.
      type: str
      sample: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
    timer:
      description:
        - The timer as it is after the task. Null after O(timers[].state=absent), and in check mode for a timer that
          would be created.
      type: dict
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
            - The definition of the timer. Passing it to this module changes nothing. Options that are not set are
              omitted. Null for a timer that the modules cannot manage.
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
    operations:
      description: The operations that the module carried out, in this order. In check mode, the operations that it
        would carry out.
      type: list
      elements: dict
      contains:
        operation:
          description: V(create), V(delete), V(pause), V(resume) or V(rename).
          type: str
        timer_id:
          description: ID of the timer, or null in check mode for the timer that would be created.
          type: str
        name:
          description: Name of the timer. For V(rename) the new name.
          type: str
      sample:
        - operation: create
          timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
          name: microscope-nightly
    drift:
      description:
        - The options in which the existing timer differed from the definition. Includes differences that replacing the
          timer has removed.
      type: list
      elements: dict
      contains:
        field:
          description: The option, with its parent options.
          type: str
        desired:
          description: Value in the definition, or null if not set.
          type: raw
        actual:
          description: Value of the existing timer, or null if not set.
          type: raw
      sample:
        - field: transfer.sync_level
          desired: checksum
          actual: null
    replaced:
      description:
        - The timers that this timer replaced, or in check mode would replace, as they were before.
        - Globus forgets the runs of a deleted timer, and the new timer has no runs yet.
      type: list
      elements: dict
      contains:
        timer_id:
          description: ID of the deleted timer.
          type: str
        runs:
          description: Number of its runs, or null if the timer could not be read.
          type: int
        errors:
          description: Number of its errors as Globus counts them, or null if the timer could not be read.
          type: int
        last_run:
          description: Its last run, ISO 8601 in UTC, or null.
          type: str
        health:
          description:
            - Its health, determined from its last two runs, in the format of M(research_ops.globus.timer_info). Null if
              the timer could not be read.
          type: dict
      sample:
        - timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
          runs: 1
          errors: 0
          last_run: "2026-03-03T04:00:00+00:00"
          health:
            state: paused
            reason: A user paused it
            remedy: "Resume it with state: active. If it missed a run, it then runs at once"
            since: null
            source: transfer
    error:
      description: The error in a machine-readable form.
      type: dict
      returned: if it failed
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
        code: EndpointNotFound
        http_status: 404
        request_id: vHnRBcJtX
    remedy:
      description: The command or change that fixes the error.
      type: str
      returned: if it failed and there is one
      sample: >-
        ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
        -e globus_collections=6c54cade-bde5-45c1-bdea-f4bd71dba2cc
purged:
  description: The timers that O(purge) deleted, or in check mode would delete.
  type: list
  elements: dict
  returned: success, and failure after the timers were listed
  contains:
    operation:
      description: Always V(delete).
      type: str
    timer_id:
      description: ID of the timer.
      type: str
    name:
      description: Name of the timer.
      type: str
  sample:
    - operation: delete
      timer_id: 5b0c1f5e-6a0e-4d3c-8f43-2f6f1b0f9d11
      name: facility-forgotten
operations:
  description:
    - The operations that the module carried out, in the order of the list, followed by those of O(purge). In check
      mode, the operations that it would carry out.
  type: list
  elements: dict
  returned: success, and failure after the timers were listed
  contains:
    operation:
      description: V(create), V(delete), V(pause), V(resume) or V(rename).
      type: str
    timer_id:
      description: ID of the timer, or null in check mode for the timer that would be created.
      type: str
    name:
      description: Name of the timer. For V(rename) the new name.
      type: str
  sample:
    - operation: create
      timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
      name: microscope-nightly
counts:
  description:
    - The number of entries in the list, of entries that are unchanged, changed or failed, and of operations of each
      kind. A deletion by O(purge) counts as C(deleted) and as C(purged).
  type: dict
  returned: success, and failure after the timers were listed
  sample:
    timers: 3
    unchanged: 2
    changed: 1
    failed: 0
    created: 1
    deleted: 0
    paused: 0
    resumed: 0
    renamed: 0
    purged: 0
diff:
  description:
    - The timers that the task changes, before and after it. The keys are the names of the timers. A timer that is
      created or deleted is one line, without options that have their default value. For all other timers, the diff
      contains only the fields that change.
  type: dict
  returned: in diff mode
  contains:
    before:
      description: Timers that are deleted, and the former values of fields.
      type: dict
      sample: {}
    after:
      description: Timers that are created, and the new values of fields. In check mode, as they would be.
      type: dict
      sample:
        timer 'microscope-nightly': >-
          6c54cade-bde5-45c1-bdea-f4bd71dba2cc:/data/microscope/ ->
          31ce9ba0-176d-45a5-add3-f37d233ba47d:/backup/microscope/; interval: 1d; start: 2026-03-03T04:00:00+00:00;
          state: active
msg:
  description: The error message.
  type: str
  returned: failure
  sample: >-
    timers[1] (microscope-nightly) has the same name as timers[0]. Remove one of them, or change its name
error:
  description:
    - The error in a machine-readable form.
    - If several timers failed, the error of the first. RV(timers[].error) is the error of each timer.
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
    code: invalid_input
    http_status: null
    request_id: null
remedy:
  description: The command or change that fixes the error.
  type: str
  returned: on failure, if there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.timers import run_timers


def main() -> None:
    run_timers()


if __name__ == "__main__":
    main()
