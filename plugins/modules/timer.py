#!/usr/bin/python
# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer
short_description: Create, replace, pause or delete a Globus timer
version_added: 0.1.0
description:
  - A Globus timer runs a transfer or a flow on a schedule, for example the nightly backup of a microscope's share.
  - The module looks the timer up by name and creates it if it does not exist. It first obtains the consents that the
    collections or the flow need. Without them Globus would create the timer but stop it silently at its first run.
  - If the timer differs from its definition, the module reports each field that differs. Globus can only change the
    name of a timer. To remove any other difference, set O(on_drift=replace), which replaces the timer. The module
    creates the new timer before it deletes the old one.
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth
  - research_ops.globus.auth.connection
  - research_ops.globus.definition
  - research_ops.globus.definition.about
  - research_ops.globus.attributes
  - research_ops.globus.attributes.action_group
notes:
  - One of O(name) and O(timer_id) is required.
  - Globus allows one run a minute for all timers of an account together, and refuses more. While a timer is replaced,
    both the old and the new timer count. Therefore, you cannot replace an active timer that runs more often than every
    two minutes. First pause it, with a task that sets only O(name) and O(state=paused). Then replace it, with
    O(on_drift=replace) and O(state=active).
  - Without O(schedule.start), a timer that has completed its only run, or all runs of O(schedule.end.count), is not
    created again. The module changes nothing and warns. To run it again, use a later O(schedule.start) or another name.
  - Globus forgets a timer 90 days after it has ended, and the module then creates and runs it again. To prevent this,
    set O(schedule.start), or remove the timer from the playbook.
seealso:
  - module: research_ops.globus.timers
    description: Manage many timers in one task, with few requests.
  - name: Backups
    description: Common backup schedules from a short list of jobs, with the role P(research_ops.globus.backup#role).
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_backups.rst
  - name: Your first timer
    description: How to create an account and a first timer, step by step.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_first_timer.rst
  - name: Rehearsing on a local Globus
    description: How to run a playbook on a local Globus, without an account.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_rehearsing.rst
"""

EXAMPLES = r"""
# Transfers and schedules

- name: Back up the microscope's share every night
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago

# A mirror is not a backup: if the source is emptied, the next run empties the destination too.
- name: Mirror a share once a week, and compare files by their checksums
  research_ops.globus.timer:
    name: telescope-mirror
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/telescope/
          destination_path: /backup/telescope/
          recursive: true
      label: Mirror of the telescope
      sync_level: checksum
      delete_destination_extra: true # what is deleted at the source is deleted in the mirror
    schedule:
      interval: 1w
      weekday: saturday
      at: "06:00"

- name: Back up two folders and a file every six hours, without temporary files
  research_ops.globus.timer:
    name: sequencer
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/sequencer/
          destination_path: /backup/sequencer/
          recursive: true
        - source_path: /data/calibration/
          destination_path: /backup/calibration/
          recursive: true
        - source_path: /data/sequencer.cfg
          destination_path: /backup/sequencer.cfg
          recursive: false
      sync_level: mtime
      preserve_timestamp: true
      encrypt_data: true
      skip_source_errors: true
      fail_on_quota_errors: true
      store_base_path_info: true
      notify_on_succeeded: false # only send e-mails when something goes wrong
      notify_on_failed: true
      notify_on_inactive: true
      filter_rules: # the first rule that matches applies
        - name: "keep.tmp"
          method: include
          type: file
        - name: "*.tmp"
          type: file
        - name: ".cache"
          type: dir
    schedule:
      interval: 6h
      at: "00:30"

- name: Fetch a file every Sunday until the end of 2027, and verify its published checksum
  research_ops.globus.timer:
    name: release-weekly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /releases/current.tar
          destination_path: /incoming/current.tar
          external_checksum: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
          checksum_algorithm: SHA256
      verify_checksum: true
      source_local_user: reader
      destination_local_user: archive
    schedule:
      interval: 1w
      weekday: sunday
      at: "22:30"
      timezone: Europe/Berlin
      end:
        datetime: "2028-01-01T00:00:00"

- name: Copy ten times, every 90 minutes, starting at a given time
  research_ops.globus.timer:
    name: ten-copies
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1h30m
      start: "2026-12-01T02:00:00-06:00"
      end:
        count: 10

- name: Keep the local time with daylight saving time, with a playbook that runs every day
  research_ops.globus.timer:
    name: follows-the-clock
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
      daylight_saving: follow
    on_drift: replace
    check_paths: true # fail now, instead of at the first run, if the source does not exist

- name: Transfer a file once, as soon as possible
  research_ops.globus.timer:
    name: first-light
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/first-light.fits
          destination_path: /archive/first-light.fits
    schedule: {}

- name: Transfer the file again, at the next 22:30, but not after 2027
  research_ops.globus.timer:
    name: first-light-again
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/first-light.fits
          destination_path: /archive/first-light.fits
      deadline: "2028-01-01T00:00:00Z"
    schedule:
      at: "22:30"
      timezone: America/Chicago

- name: Run a flow every Sunday
  research_ops.globus.timer:
    name: publish-weekly
    flow:
      flow_id: 24bc4997-b483-4c25-a19c-64b0afc00743
      input:
        source_path: /data/microscope/
        destination_path: /published/
        dry_run: false
      run_managers:
        - urn:globus:auth:identity:ae341a98-d274-11e5-b888-dbae3a8ba545
      run_monitors:
        - urn:globus:groups:id:fdb38a24-03c1-11e3-86f7-12313809f035
      tags:
        - microscope
    schedule:
      interval: 1w
      weekday: sunday
      at: "04:00"
      timezone: America/Chicago

# Changed definitions

- name: Check what would change if the timer ran twice a day
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 12h
      at: "10:00"
      timezone: America/Chicago
    on_drift: replace
  check_mode: true
  diff: true
  register: more_often

- name: Show the options that differ
  ansible.builtin.debug:
    msg: "{{ more_often.drift | map(attribute='field') }}"

- name: Replace the timer if it differs
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
      sync_level: mtime
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
    on_drift: replace

- name: Fail if somebody else changed the timer
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
      sync_level: mtime
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
    on_drift: fail

- name: Make sure that a timer of this name exists, whatever its definition
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
    on_drift: ignore

# States

- name: Pause the timer during maintenance
  research_ops.globus.timer:
    name: microscope-nightly
    state: paused

- name: Resume the timer
  research_ops.globus.timer:
    name: microscope-nightly
    state: active

- name: Resume the timer if Globus stopped it, but not if somebody paused it
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
    on_drift: ignore
    on_inactive: resume

- name: Create a paused timer, to be resumed later
  research_ops.globus.timer:
    name: camera-nightly
    state: paused
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago

- name: Rename a timer in place
  research_ops.globus.timer:
    timer_id: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
    name: microscope-mirror

- name: Delete a timer
  research_ops.globus.timer:
    name: ten-copies
    state: absent

# Authentication. Without these options the modules use GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET, or a stored login

- name: Sign in as a service account, once for all tasks of a block
  module_defaults:
    group/research_ops.globus.globus:
      auth_method: client_credentials
      client_id: "{{ globus_client_id }}"
      client_secret: "{{ globus_client_secret }}"
      token_storage: ~/.globus/ansible/backups.json # the tasks share a token
      environment: production
      request_timeout: 120
      retries: 8
  block:
    - name: Read the timers that are inactive
      research_ops.globus.timer_info:
        status:
          - inactive

    - name: Resume one of them
      research_ops.globus.timer:
        name: camera-nightly
        state: active

- name: Sign in with environment variables of the task
  research_ops.globus.timer:
    name: camera-nightly
    state: absent
  environment:
    GLOBUS_CLIENT_ID: "{{ globus_client_id }}"
    GLOBUS_CLIENT_SECRET: "{{ globus_client_secret }}"

- name: Use the login that the playbook research_ops.globus.login stored
  research_ops.globus.timer:
    auth_method: user
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    name: my-share-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago

- name: Use your own access tokens
  research_ops.globus.timer:
    auth_method: access_token
    timers_token: "{{ timers_token }}"
    transfer_token: "{{ transfer_token }}"
    name: portal-nightly
    transfer:
      source_collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      destination_collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "22:00"
      timezone: America/Chicago
"""

RETURN = r"""
timer_id:
  description:
    - ID of the timer. Null after O(state=absent), and in check mode for a timer that would be created.
  type: str
  returned: success, and failure after the timer was looked up
  sample: 226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f
timer:
  description:
    - The timer as it is after the task. Null after O(state=absent), and in check mode for a timer that would be
      created.
  type: dict
  returned: success, and failure after the timer was looked up
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
        - The definition of the timer. Passing it to this module changes nothing. Options that are not set are omitted.
          Null for a timer that the modules cannot manage.
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
  description: The operations that the module carried out, in this order. In check mode, the operations that it would
    carry out.
  type: list
  elements: dict
  returned: success, and failure after the timer was looked up
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
  returned: success, and failure after the timer was looked up
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
  returned: success, and failure after the timer was looked up
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
        - Its health, determined from its last two runs, in the format of M(research_ops.globus.timer_info). Null if the
          timer could not be read.
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
collections:
  description: The collections that were looked up.
  type: list
  elements: dict
  returned: when a timer with a transfer is created or resumed
  contains:
    id:
      description: ID of the collection.
      type: str
    display_name:
      description: Its name.
      type: str
    requires_data_access:
      description: Whether a timer needs a C(data_access) consent for it.
      type: bool
    high_assurance:
      description: Whether it is a high assurance collection. Its timers stop when the session expires.
      type: bool
  sample:
    - id: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      display_name: Microscope share
      requires_data_access: true
      high_assurance: false
    - id: 31ce9ba0-176d-45a5-add3-f37d233ba47d
      display_name: Archive
      requires_data_access: false
      high_assurance: false
diff:
  description: The timer before and after the task.
  type: dict
  returned: in diff mode
  contains:
    before:
      description: Its definition and state. Empty if the timer did not exist.
      type: dict
      sample: {}
    after:
      description: Its definition and state after the task. In check mode, as they would be.
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
        state: active
msg:
  description: The error message.
  type: str
  returned: failure
  sample: >-
    timer 'microscope-nightly' (226fda72-8b6e-4f0e-9d49-b6e5b4a3cf3f) differs from its definition:
    transfer.sync_level is not set, should be "checksum". Globus can change nothing but the name of a timer. To replace
    it, set on_drift: replace
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
    code: EndpointNotFound
    http_status: 404
    request_id: vHnRBcJtX
remedy:
  description: The command or change that fixes the error.
  type: str
  returned: on failure, if there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    -e globus_collections=6c54cade-bde5-45c1-bdea-f4bd71dba2cc
"""

from ..module_utils._module.timer import run_timer


def main() -> None:
    run_timer()


if __name__ == "__main__":
    main()
