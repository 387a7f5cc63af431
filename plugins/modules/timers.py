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
      - Delete unfinished timers whose names start with O(purge_prefix) and that are not in the list.
      - Done last, and only if every entry succeeded. Refused for a list that keeps no timer.
    type: bool
    default: false
  purge_prefix:
    description:
      - The scope of O(purge), names that start with it. Required with O(purge=true), and not empty.
      - V(backup-), the default prefix of the role P(research_ops.globus.backup#role), and beginnings of it such as
        V(backup) are refused, because they could match the backups of other people.
    type: str
  purge_limit:
    description:
      - Refuse to delete more timers than this in one run. Nothing at all is done then. V(0) refuses every deletion by
        O(purge).
    type: int
    default: 10
  concurrency:
    description:
      - How many requests may be under way at once, from 1 to 16. A bound. The module slows down by itself where Globus
        asks for it.
    type: int
    default: 4
notes:
  - Every entry needs O(timers[].name) or O(timers[].timer_id).
  - All timers of an account together may run once a minute at most. The module adds up what is there and what it would
    create, and fails before anything is written where that is more. While a timer is replaced, the old and the new one
    count. If there is no room for that, the message says what to do.
  - A timer that runs once, or a number of times, and has no O(timers[].schedule.start) is not run a second time under
    the same name. The module then changes nothing and warns. Use another name to run it again.
  - Globus forgets a timer 90 days after it has ended. A play that still asks for such a timer then creates it again.
    Give it a start, or remove it from the play.
seealso:
  - module: research_ops.globus.timer
    description: The same for one timer.
  - ref: ansible_collections.research_ops.globus.docsite.guide_backups
    description: Common backup schedules from a short list of jobs, with the role P(research_ops.globus.backup#role).
  - plugin: research_ops.globus.backup_timers
    plugin_type: filter
    description: Expands backup jobs into the list that this module takes.
  - ref: ansible_collections.research_ops.globus.docsite.guide_many_timers
    description: Hundreds of timers in one task, and purging.
  - ref: ansible_collections.research_ops.globus.docsite.guide_taking_over
    description: From timers that were made by hand to a list of them.
"""

EXAMPLES = r"""
- name: Keep the timers of a facility, and no others with its prefix
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

- name: See what purging would delete, without deleting it
  research_ops.globus.timers:
    purge: true
    purge_prefix: facility-
    timers:
      - name: facility-microscope
        state: active
  check_mode: true
  diff: true
  register: foreseen

- name: Show the names of what would be deleted
  ansible.builtin.debug:
    msg: "{{ foreseen.purged | map(attribute='name') }}"

- name: Pause some timers for a maintenance window
  research_ops.globus.timers:
    timers:
      - name: facility-microscope
        state: paused
      - name: facility-sequencer
        state: paused

- name: Make a timer of the same schedule for each of many shares
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

- name: Purge a whole prefix but for one timer, up to a hundred
  research_ops.globus.timers:
    purge: true
    purge_prefix: share-
    purge_limit: 100
    timers:
      - name: share-anna
        state: active

- name: Read the timers that were made by hand
  research_ops.globus.timer_info:
    name_prefix: by-hand-
  register: by_hand

- name: Take them over, as they are
  research_ops.globus.timers:
    timers: "{{ by_hand.timers | map(attribute='definition') | select }}"
    on_drift: fail

- name: Sign in as a person, in all tasks of a block
  module_defaults:
    group/research_ops.globus.globus:
      auth_method: user
      client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
  block:
    - name: Keep a timer of your own
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
  description: What became of each timer, in the order of the list.
  type: list
  elements: dict
  returned: success, and on failure once the timers were listed
  contains:
    name:
      description: Name of the timer.
      type: str
      sample: microscope-nightly
    changed:
      description: Whether anything was done, or would be in check mode.
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      type: bool
      sample: false
    msg:
      description: Why it failed, or empty.
      type: str
      sample: ""
    timer_id:
      description:
        - ID of the timer. Null after O(timers[].state=absent), and in check mode for a timer that would be created.
      type: str
      sample: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
    timer:
      description:
        - The timer as the service now has it. Null after O(timers[].state=absent), and in check mode for a timer that
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
          description: The service's word for its status. V(new), V(loaded) and V(active) mean the same.
          type: str
          sample: loaded
        type:
          description: V(transfer), V(flow) or V(generic).
          type: str
          sample: transfer
        definition:
          description:
            - The definition that, given to this module, changes nothing. Unset options are left out. Null for a timer
              that cannot be managed.
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
    operations:
      description: What was done, or in check mode would be done, in its order.
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
          description: Name of the timer; for V(rename) the new one.
          type: str
      sample:
        - operation: create
          timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
          name: microscope-nightly
    drift:
      description:
        - In which options the timer that was found differs from the definition. A difference that a replacement has
          cured is here too.
      type: list
      elements: dict
      contains:
        field:
          description: The option, with the options that it is below.
          type: str
        desired:
          description: Its value in the definition, or null where that leaves it out.
          type: raw
        actual:
          description: Its value on the service, or null where it has none.
          type: raw
      sample:
        - field: transfer.sync_level
          desired: checksum
          actual: null
    replaced:
      description:
        - The timers that were deleted in favour of this one, or in check mode would be, as they were before.
        - The service forgets the runs of a deleted timer, and a new timer begins without any.
      type: list
      elements: dict
      contains:
        timer_id:
          description: ID of the deleted timer.
          type: str
        runs:
          description: Number of its runs, or null where the timer could not be read.
          type: int
        errors:
          description: Number of its errors as the service counts them, or null where the timer could not be read.
          type: int
        last_run:
          description: Its last run, ISO 8601 in UTC, or null.
          type: str
        health:
          description:
            - Its health, as M(research_ops.globus.timer_info) returns it. Null where the timer could not be read.
          type: dict
      sample:
        - timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
          runs: 1
          errors: 0
          last_run: "2026-03-03T04:00:00+00:00"
          health:
            state: paused
            reason: A user paused it
            remedy: "state: active resumes it; if it missed a run, it runs at once"
            since: null
            source: timer
    error:
      description: What failed, for programs. RV(timers[].msg) says it for people.
      type: dict
      returned: where it failed
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
        code: EndpointNotFound
        http_status: 404
        request_id: vHnRBcJtX
    remedy:
      description: The command or edit that cures the failure.
      type: str
      returned: where it failed and there is one
      sample: >-
        ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
        -e globus_collections=6c54cade-bde5-45c1-bdea-f4bd71dba2cc
purged:
  description: The deletions that O(purge) made, or would make in check mode.
  type: list
  elements: dict
  returned: success, and on failure once the timers were listed
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
    - What was done, or in check mode would be done, in the order of the list, and then what O(purge) did.
  type: list
  elements: dict
  returned: success, and on failure once the timers were listed
  contains:
    operation:
      description: V(create), V(delete), V(pause), V(resume) or V(rename).
      type: str
    timer_id:
      description: ID of the timer, or null in check mode for the timer that would be created.
      type: str
    name:
      description: Name of the timer; for V(rename) the new one.
      type: str
  sample:
    - operation: create
      timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
      name: microscope-nightly
counts:
  description:
    - How many timers the list has, how many entries are unchanged, changed or failed, and how many operations of each
      kind there were. A deletion by O(purge) counts as C(deleted) and as C(purged).
  type: dict
  returned: success, and on failure once the timers were listed
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
  description: The timers that change, before and after the task, by their names, for C(--diff).
  type: dict
  returned: in diff mode
  contains:
    before:
      description: Their definitions and states. Those that are created are missing.
      type: dict
      sample: {}
    after:
      description: The same as they now are, or in check mode would be. Those that are deleted are missing.
      type: dict
      sample:
        timer 'microscope-nightly':
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
          state: active
msg:
  description: Why the task failed, in a sentence that a person can act on.
  type: str
  returned: failure
  sample: >-
    timers[1] (microscope-nightly) has the same name as timers[0]: microscope-nightly
error:
  description:
    - What failed, for programs. RV(msg) says it for people.
    - Of several timers that failed the first one's. RV(timers[].error) has that of each.
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
    code: invalid_input
    http_status: null
    request_id: null
remedy:
  description: The command or edit that cures the failure.
  type: str
  returned: on failure, where there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.timers import run_timers


def main() -> None:
    run_timers()


if __name__ == "__main__":
    main()
