# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from textwrap import indent

# Options of an entry whose default is that of the list: ``policy_arguments`` in ``module_utils/_arguments.py``
POLICIES = ("on_drift", "on_inactive", "check_paths")


class ModuleDocFragment:
    """What a timer is, and what to do about it: ``timer_arguments`` and ``timers_arguments`` in
    ``module_utils/_arguments.py``.
    """

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the timer. It identifies the timer among those that have not ended, by exact, case-sensitive comparison.
    type: str
  transfer:
    description:
      - What the timer transfers. Exactly one of O(transfer) and O(flow) is required where the timer may have to be
        created, that is, for O(state=present) without O(timer_id).
    type: dict
    suboptions:
      source_collection:
        description: UUID of the collection to transfer from.
        type: str
        required: true
        aliases: [source_endpoint]
      destination_collection:
        description: UUID of the collection to transfer to.
        type: str
        required: true
        aliases: [destination_endpoint]
      paths:
        description: What to transfer, at least one path. The order of the paths means nothing.
        type: list
        elements: dict
        required: true
        suboptions:
          source_path:
            description:
              - Path on the source collection, with forward slashes. It begins with C(/), or with C(/~/) or C(~/) for
                the home directory. Globus writes the Windows drive C(C:) as C(/C/).
            type: str
            required: true
          destination_path:
            description: Path on the destination collection, likewise.
            type: str
            required: true
          recursive:
            description:
              - Whether the path is a directory. If not set, the service finds out at each run.
            type: bool
          external_checksum:
            description:
              - The checksum that the file must have, by O(transfer.paths[].checksum_algorithm). Without that it is an
                MD5 checksum.
            type: str
          checksum_algorithm:
            description:
              - The algorithm of O(transfer.paths[].external_checksum) and of O(transfer.verify_checksum), for example
                V(SHA256).
            type: str
      label:
        description: A label for the transfer tasks, one line of at most 128 characters.
        type: str
      sync_level:
        description:
          - Which files to transfer. Each value means also what those before it mean.
          - If not set, everything is transferred at every run.
          - "V(exists): Files that are not at the destination."
          - "V(size): Files of another size."
          - "V(mtime): Files that are newer at the source."
          - "V(checksum): Files of another checksum. Both sides have to read every file."
        type: str
        choices: [exists, size, mtime, checksum]
      verify_checksum:
        description: Verify the checksum of every file after it was transferred, and transfer it again if it differs.
        type: bool
        default: true
      preserve_timestamp:
        description: Give files at the destination the modification time that they have at the source.
        type: bool
        default: false
      encrypt_data:
        description: Encrypt the data on its way.
        type: bool
        default: false
      delete_destination_extra:
        description:
          - Mirror, that is, delete files at the destination that are not at the source. Only with recursive paths.
          - A mirror is not a backup. When the source is emptied, by mistake or because a disk is not mounted, the next
            run empties the destination, and succeeds.
          - A timer is not created if its destination is its own source, or lies below or above it on one collection.
        type: bool
        default: false
      skip_source_errors:
        description: Go on when a file at the source is not there or cannot be read.
        type: bool
        default: false
      fail_on_quota_errors:
        description: Fail at once when a quota is exceeded, instead of trying again.
        type: bool
        default: false
      notify_on_succeeded:
        description: Send an e-mail when a transfer has succeeded.
        type: bool
        default: true
      notify_on_failed:
        description: Send an e-mail when a transfer has failed.
        type: bool
        default: true
      notify_on_inactive:
        description: Send an e-mail when a transfer cannot go on, for example because credentials have expired.
        type: bool
        default: true
      store_base_path_info:
        description: Store the base path in the information of each transfer task.
        type: bool
        default: false
      deadline:
        description:
          - A moment, in ISO 8601, after which a transfer is cancelled. Without an offset it is UTC.
          - It is the same for every run of the timer, so it is rarely wanted. A timer is not created with a deadline
            before its first run.
        type: str
      filter_rules:
        description: Which files of recursive paths to leave out or to take. The first rule that matches decides.
        type: list
        elements: dict
        suboptions:
          name:
            description: A pattern for the name, for example V(*.tmp).
            type: str
            required: true
          method:
            description: What to do with files that match.
            type: str
            choices: [include, exclude]
            default: exclude
          type:
            description: Whether the rule is for files or for directories. If not set, for both.
            type: str
            choices: [file, dir]
      source_local_user:
        description: Local user on the source collection, where the login maps to several.
        type: str
      destination_local_user:
        description: Local user on the destination collection, where the login maps to several.
        type: str
  flow:
    description:
      - The flow that the timer runs, instead of O(transfer).
    type: dict
    suboptions:
      flow_id:
        description: UUID of the flow.
        type: str
        required: true
      input:
        description: The input document of the flow.
        type: dict
        default: {}
      run_managers:
        description: Who may manage the runs, as URNs of identities or groups. The order means nothing.
        type: list
        elements: str
      run_monitors:
        description: Who may see the runs, likewise.
        type: list
        elements: str
      tags:
        description: Tags of the runs.
        type: list
        elements: str
  schedule:
    description:
      - When the timer runs. Required where O(transfer) or O(flow) is.
      - V({}) runs it once, as soon as it is created. It is not run again under the same name until Globus forgets it,
        90 days after its end. Use another name to run it again.
    type: dict
    suboptions:
      interval:
        description:
          - Time between two runs, such as V(30m), V(12h), V(1d), V(1w), V(1h30m), or a number of seconds. From 60
            seconds to 365 days. If not set, the timer runs once.
          - Units are lower case, and there are no months. YAML reads an unquoted C(12:00) as the number 720, which is
            12 minutes here. Write V(12h).
        type: raw
      start:
        description:
          - The first run, in ISO 8601. Without an offset it is read in O(schedule.timezone).
          - The start of a recurring timer may be past. The timer is created with the next of its runs as the first.
          - If not set, and O(schedule.at) is not set either, the first run is when the timer is created.
        type: str
      at:
        description:
          - Local time of day of the runs in O(schedule.timezone), such as V("02:00"). Quote it, YAML reads an unquoted
            C(22:30) or C(0200) as another number, which is refused. Excludes O(schedule.start).
          - Needs an interval that divides a day or is whole days, or none (run once at the next such time).
        type: raw
      weekday:
        description:
          - The day of the first run, with O(schedule.at). Needs an interval of whole weeks, of 365 days, or none.
        type: str
        choices: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
      timezone:
        description: IANA name of the time zone of O(schedule.start), O(schedule.at) and O(schedule.end.datetime).
        type: str
        default: UTC
      daylight_saving:
        description:
          - The service runs a timer at fixed intervals, so after a clock change its local time shifts. This is what to
            do about it.
          - "V(ignore): Accept it. The timer means the local time that it had at its start."
          - "V(follow): Call it drift as soon as the next run would fall at another local time, so that a run of the
            play with O(on_drift=replace) anchors the timer anew, once. With another O(on_drift) it is only told."
        type: str
        choices: [ignore, follow]
        default: ignore
      end:
        description:
          - When the timer ends, exactly one of O(schedule.end.count) and O(schedule.end.datetime). If not set, it runs
            for ever.
        type: dict
        suboptions:
          count:
            description:
              - Number of runs, at least 1.
              - Without O(schedule.start), a timer that has done all its runs is not run again under the same name until
                Globus forgets it, 90 days after its end. Use another name to run it again.
            type: int
          datetime:
            description:
              - A moment, in ISO 8601, after which there is no run. Without an offset it is read in
                O(schedule.timezone).
            type: str
  state:
    description:
      - What is to be true of the timer. For V(active), V(paused) and V(absent) an existing timer needs only O(name) or
        O(timer_id).
      - A timer that is resumed after it missed a run runs at once.
      - "V(present): The timer exists."
      - "V(active): The timer exists and runs. One that is inactive is resumed with fresh credentials, whatever
        stopped it."
      - "V(paused): The timer exists and is paused."
      - "V(absent): No unfinished timer of this name exists. All of this name are deleted."
    type: str
    choices: [present, active, paused, absent]
    default: present
  timer_id:
    description:
      - Choose the timer by its UUID. O(name) then renames it in place.
      - An unknown ID is an error, except for O(state=absent). The timer is never created anew, so O(on_drift=replace)
        is refused.
    type: str
  on_drift:
    description:
      - What to do when the timer exists but differs from the definition. RV(drift) says in what.
      - "V(warn): Leave the timer as it is, and warn."
      - "V(ignore): Leave the timer as it is."
      - "V(fail): Leave the timer as it is, and fail."
      - "V(replace): Create the timer anew, and then delete the old one. The new timer keeps the times of the old one
        where the definition does not set others, and stays paused if the old one was."
      - With V(replace), of several timers of the name one that equals the definition is kept, and the others are
        deleted. A timer that runs is kept rather than one that does not, and is never deleted in favour of one that
        does not.
      - With V(replace), a replacement waits if it would skip a run that is due, which a clock change since the timer
        was created can cause. The module then changes nothing and warns. Times that you change take effect at once.
    type: str
    choices: [warn, ignore, fail, replace]
    default: warn
  on_inactive:
    description:
      - What to do, for O(state=present), with a timer that the service stopped, for example because a consent was
        missing. Such a timer does not run until it is resumed.
      - A timer that a user paused stays paused, whatever this option says. O(state=active) resumes both.
      - "V(warn): Leave the timer as it is, and warn with the reason and the remedy."
      - "V(fail): Leave the timer as it is, and fail."
      - "V(resume): Resume the timer with fresh credentials. If it missed a run, it runs at once."
    type: str
    choices: [warn, fail, resume]
    default: warn
  check_paths:
    description:
      - Look at the paths before the timer is created or replaced. Otherwise a wrong path shows only at the first run,
        when Globus tries again for days without success.
      - The task fails if a source does not exist or may not be read, if a folder is given with C(recursive=false) or a
        file with C(recursive=true), and if a file is in the way of a folder at the destination or the reverse. A
        missing destination is fine. If a collection cannot be reached, the module warns and creates the timer.
      - Looking at a mapped collection needs a C(data_access) consent for Globus Transfer itself. Client credentials get
        it with one more token request, but not in check mode. If the login of a person lacks it, the module warns and
        creates the timer without this check.
    type: bool
    default: false
"""

    ABOUT = r"""
options: {}
notes:
  - The creation of a timer is never repeated blindly. After an answer that leaves open what happened the timer is
    looked up first.
seealso:
  - module: research_ops.globus.timer_info
    description: Whether the timers do what they are there for.
  - module: research_ops.globus.collection_info
    description: The IDs of collections, and what timers need on them.
  - plugin: research_ops.globus.upcoming_runs
    plugin_type: filter
    description: When a schedule runs, before there is a timer.
  - ref: ansible_collections.research_ops.globus.docsite.guide_schedules
    description: What to write for what people say of times, and what clock changes do.
  - ref: ansible_collections.research_ops.globus.docsite.guide_safety
    description: Why no timer is doubled or lost, whatever happens in between.
  - name: Globus timers
    description: What the service offers, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/flows/timers/
"""

    LIST: str  # a list of timers; see below


def _as_suboptions(documentation: str) -> str:
    """The options of one timer, as suboptions of the option ``timers``; without a default they are the list's."""
    options = documentation.split("options:\n", 1)[1]
    for policy in POLICIES:
        options = re.sub(rf"(^  {policy}:\n(?:    .*\n)*?)    default: .*\n", r"\1", options, flags=re.MULTILINE)
    return indent(options.replace("O(", "O(timers[].").replace("RV(", "RV(timers[]."), "    ")


# Set here, because ansible-test reads the assignments of the class and takes only plain strings.
ModuleDocFragment.LIST = (
    r"""
options:
  timers:
    description:
      - The timers, each with its own state. Two entries of one name are an error, whose message names both positions.
      - An input error in any entry fails the task before any request is sent. A failure of the service fails its entry
        only, and the task in the end.
    type: list
    elements: dict
    required: true
    suboptions:
"""
    + _as_suboptions(ModuleDocFragment.DOCUMENTATION)
    + r"""
  on_drift:
    description:
      - Used for entries that do not set their own O(timers[].on_drift), which explains the values.
    type: str
    choices: [warn, ignore, fail, replace]
    default: warn
  on_inactive:
    description:
      - What to do for entries that have no O(timers[].on_inactive), which explains the values.
    type: str
    choices: [warn, fail, resume]
    default: warn
  check_paths:
    description: Whether to look at the paths of entries that have no O(timers[].check_paths).
    type: bool
    default: false
"""
)
