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
  - Returns the timers of the account, each with its health, why it is not well, and what cures it. A backup that
    silently stopped is worse than none.
  - Every entry has a C(definition) which, given to M(research_ops.globus.timers), changes nothing. So timers that were
    made by hand can be taken over as they are.
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
    description: Only timers of these statuses.
    type: list
    elements: str
    choices:
      active: Timers that run, new ones that have not run yet among them.
      inactive: Timers that their user paused, or that the service stopped.
      ended: Timers that have done all their runs. The service forgets them after 90 days.
    default: [active, inactive]
  type:
    description: Only timers of this type. If not set, of all types.
    type: str
    choices:
      transfer: Timers that transfer.
      flow: Timers that run a flow.
      generic: All other timers. The modules cannot manage these.
  health:
    description: Only timers of this health.
    type: str
    choices:
      any: All timers.
      unhealthy:
        - Timers that someone should look at, those with the RV(timers[].health.state) V(failing), V(overdue),
          V(needs_consent), V(needs_session) or V(inactive).
    default: any
  runs:
    description:
      - How many of its last runs to return with each timer, as RV(timers[].recent_runs).
      - May take a request more for each timer that has run more often than the list of all timers tells.
    type: int
    default: 0
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
  returned: always
  contains:
    id:
      description: ID of the timer.
      type: str
    name:
      description: Name of the timer.
      type: str
    status:
      description: The service's word for its status. V(new), V(loaded) and V(active) mean the same.
      type: str
      sample: active
    type:
      description: V(transfer), V(flow) or V(generic).
      type: str
      sample: transfer
    definition:
      description:
        - The definition which, given to M(research_ops.globus.timers), changes nothing. Unset options are left out.
        - It has a C(timer_id) instead of a C(name) where the name does not tell the timer, because it has none, or
          another unfinished timer has the same.
        - Null for a timer that cannot be managed, see C(not_manageable).
      type: dict
    next_run:
      description: The next run, ISO 8601 in UTC, or null.
      type: str
      sample: "2026-11-24T08:00:00+00:00"
    last_run:
      description: The last run, ISO 8601 in UTC, or null.
      type: str
    runs:
      description: Number of runs so far.
      type: int
    errors:
      description: Number of runs that failed.
      type: int
    inactive_reason:
      description: Why the timer is inactive, in the service's own words, or null.
      type: dict
    submitted_at:
      description: When the timer was created, ISO 8601 in UTC.
      type: str
    url:
      description: Page of the timer in the Globus web app.
      type: str
    health:
      description: Whether the timer does what it is there for.
      type: dict
      contains:
        state:
          description:
            - V(ok); V(failing), the last run that is over failed; V(overdue), its next run is past, or it never ran
              though it should; V(paused), by its user;
              V(needs_consent); V(needs_session), on a high assurance collection; V(inactive), stopped for any other
              cause; V(ended).
          type: str
        reason:
          description: Why, in one sentence, or null.
          type: str
        remedy:
          description: What cures it, or null.
          type: str
      sample:
        state: paused
        reason: A user paused it
        remedy: "state: active resumes it; a run that it missed comes at once"
    not_manageable:
      description: Why the modules of this collection cannot manage the timer.
      type: str
      returned: when C(definition) is null
    recent_runs:
      description: The last runs, latest first.
      type: list
      elements: dict
      returned: when O(runs) is not 0
      contains:
        ran_at:
          description: When the run started, as the service spells it.
          type: str
        failed:
          description: Whether the run failed, by any sign of it.
          type: bool
        status:
          description: The service's word for the status of the run, or null.
          type: str
        message:
          description: Why it failed, or null.
          type: str
        task_id:
          description: ID of the transfer task, or null.
          type: str
error:
  description: What failed, for programs. C(msg) says it for people.
  type: dict
  returned: on failure
"""

from ansible_collections.research_ops.globus.plugins.module_utils._information import run_timer_info


def main() -> None:
    run_timer_info()


if __name__ == "__main__":
    main()
