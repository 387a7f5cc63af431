# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The definition, the state and the policies of a timer: ``timer_arguments`` and ``timers_arguments`` in
    ``module_utils/_arguments.py``.
    """

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the timer. It identifies the timer among those that have not ended. Case-sensitive.
    type: str
  transfer:
    description:
      - The transfer that the timer runs. Exactly one of O(transfer) and O(flow) is required to create a timer.
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
        description: The paths to transfer, at least one. Their order does not matter.
        type: list
        elements: dict
        required: true
        suboptions:
          source_path:
            description:
              - Path on the source collection, with forward slashes. It must start with C(/), or with C(/~/) or C(~/)
                for the home directory. Write the Windows drive C(C:) as C(/C/).
            type: str
            required: true
          destination_path:
            description:
              - Path on the destination collection, in the same format.
              - On the same collection, the module refuses to create a timer that copies a directory into itself, unless
                O(transfer.filter_rules) exclude the destination.
            type: str
            required: true
          recursive:
            description:
              - Whether the path is a directory. If not set, Globus detects this at each run.
            type: bool
          external_checksum:
            description:
              - The expected checksum of the file, with the algorithm O(transfer.paths[].checksum_algorithm). The
                default algorithm is MD5.
            type: str
          checksum_algorithm:
            description:
              - Algorithm of O(transfer.paths[].external_checksum) and of O(transfer.verify_checksum), for example
                V(SHA256).
            type: str
      label:
        description: Label of the transfer tasks. One line of at most 128 characters.
        type: str
      sync_level:
        description:
          - Which files to transfer. Each value includes the ones before it.
          - If not set, every run transfers all files.
          - "V(exists): Files that do not exist at the destination."
          - "V(size): Files whose sizes differ."
          - "V(mtime): Files that are newer at the source."
          - "V(checksum): Files whose checksums differ. Both collections have to read every file."
        type: str
        choices: [exists, size, mtime, checksum]
      verify_checksum:
        description: Verify the checksum of every file after the transfer, and transfer the file again if it differs.
        type: bool
        default: true
      preserve_timestamp:
        description: Keep the modification time of files.
        type: bool
        default: false
      encrypt_data:
        description: Encrypt the data during the transfer.
        type: bool
        default: false
      delete_destination_extra:
        description:
          - Mirror the source, that is, delete files at the destination that are not at the source. Only with recursive
            paths.
          - A mirror is not a backup. If the source is emptied, by mistake or because a disk is not mounted, the next
            run empties the destination, and the run succeeds.
          - The module refuses to create a mirror whose destination is its own source, or a directory above or below it
            on the same collection.
        type: bool
        default: false
      skip_source_errors:
        description: Skip files at the source that do not exist or cannot be read.
        type: bool
        default: false
      fail_on_quota_errors:
        description: Fail immediately if a quota is exceeded, instead of retrying.
        type: bool
        default: false
      notify_on_succeeded:
        description: Send an e-mail when a transfer succeeds.
        type: bool
        default: true
      notify_on_failed:
        description: Send an e-mail when a transfer fails.
        type: bool
        default: true
      notify_on_inactive:
        description: Send an e-mail when a transfer cannot continue, for example because credentials have expired.
        type: bool
        default: true
      store_base_path_info:
        description: Store the base path in the information of each transfer task.
        type: bool
        default: false
      deadline:
        description:
          - Time in ISO 8601 after which Globus cancels a transfer. Without an offset, the time is in UTC.
          - The deadline is the same for all runs of the timer, so it is rarely useful. The module refuses to create a
            timer whose deadline is before its first run.
        type: str
      filter_rules:
        description: Rules to include or exclude files of recursive paths. The first rule that matches applies.
        type: list
        elements: dict
        suboptions:
          name:
            description: Pattern for the name, for example V(*.tmp).
            type: str
            required: true
          method:
            description: Whether to include or exclude files that match.
            type: str
            choices: [include, exclude]
            default: exclude
          type:
            description: Whether the rule applies to files or directories. If not set, to both.
            type: str
            choices: [file, dir]
      source_local_user:
        description: Local user on the source collection, if the login maps to several users.
        type: str
      destination_local_user:
        description: Local user on the destination collection, if the login maps to several users.
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
        description: Identities or groups that may manage the runs, as URNs. Their order does not matter.
        type: list
        elements: str
      run_monitors:
        description: Identities or groups that may view the runs, as URNs. Their order does not matter.
        type: list
        elements: str
      tags:
        description: Tags of the runs.
        type: list
        elements: str
  schedule:
    description:
      - When the timer runs. Required with O(transfer) or O(flow).
      - V({}) runs the timer once, immediately. The module does not create a timer with the same name again until Globus
        forgets the timer, 90 days after its end. To run it again, use another name.
    type: dict
    suboptions:
      interval:
        description:
          - Time between two runs, for example V(30m), V(12h), V(1d), V(1w) or V(1h30m), or a number of seconds. From 60
            seconds to 365 days. If not set, the timer runs once.
          - Units are lower case. There is no unit for months. Do not write C(12:00), which YAML reads as the number
            720, that is, 12 minutes. Write V(12h).
        type: raw
      start:
        description:
          - Time of the first run in ISO 8601. Without an offset, it is a local time in O(schedule.timezone).
          - The start of a recurring timer can be in the past. A new timer then starts at the next run.
          - If neither O(schedule.start) nor O(schedule.at) is set, the timer first runs when it is created.
        type: str
      at:
        description:
          - Local time of day of the runs in O(schedule.timezone), for example V("02:00"), or V("02:00:30") with
            seconds. Quote the time. YAML reads an unquoted C(22:30) or C(0200) as another number, which the module
            refuses. Mutually exclusive with O(schedule.start).
          - If there is an interval, it must divide a day or consist of whole days. Without an interval, the timer runs
            once, at the next such time.
        type: raw
      weekday:
        description:
          - Day of the first run. Requires O(schedule.at). If there is an interval, it must be whole weeks or 365 days.
        type: str
        choices: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
      timezone:
        description: IANA name of the time zone of O(schedule.start), O(schedule.at) and O(schedule.end.datetime).
        type: str
        default: UTC
      daylight_saving:
        description:
          - What to do about daylight saving time. Globus runs timers at fixed intervals, so a clock change shifts the
            local time of their runs.
          - "V(ignore): Accept the shift. The module compares the local time of the first run only."
          - "V(follow): Treat it as drift if the next run would be at another local time. With O(on_drift=replace), the
            next run of the playbook replaces the timer once. With other values of O(on_drift), the module only reports
            the drift."
        type: str
        choices: [ignore, follow]
        default: ignore
      end:
        description:
          - When the timer ends. Exactly one of O(schedule.end.count) and O(schedule.end.datetime) is required. If not
            set, the timer does not end.
        type: dict
        suboptions:
          count:
            description:
              - Number of runs, at least 1.
              - Without O(schedule.start), a timer that has completed all its runs is not created again with the same
                name until Globus forgets it, 90 days after its end. To run it again, use another name.
            type: int
          datetime:
            description:
              - Time in ISO 8601 after which the timer does not run. Without an offset, it is a local time in
                O(schedule.timezone).
            type: str
  state:
    description:
      - The desired state of the timer. For an existing timer, V(active), V(paused) and V(absent) only need O(name) or
        O(timer_id).
      - If a timer missed a run while it was paused or inactive, it runs immediately when it is resumed.
      - "V(present): The timer exists."
      - "V(active): The timer exists and runs. If it is inactive for any reason, the module resumes it with fresh
        credentials."
      - "V(paused): The timer exists and is paused."
      - "V(absent): No timer with this name exists, except timers that have ended. The module deletes all others with
        this name."
    type: str
    choices: [present, active, paused, absent]
    default: present
  timer_id:
    description:
      - UUID of the timer. If you also set O(name), the module renames the timer.
      - If no timer has this ID, the task fails, except with O(state=absent). O(on_drift=replace) is not supported
        together with O(timer_id).
    type: str
  on_drift:
    description:
      - What to do if the timer exists but differs from the definition. RV(drift) lists the differences.
      - "V(warn): Leave the timer unchanged, and warn."
      - "V(ignore): Leave the timer unchanged."
      - "V(fail): Leave the timer unchanged, and fail."
      - "V(replace): Create a new timer, and then delete the old one. The new timer runs at the same times as the old
        timer, unless the definition sets others. If the old timer was paused, so is the new one."
      - With V(replace), if several timers have the name, the module keeps one that matches the definition and deletes
        the others. It prefers active timers, and deletes an active timer to keep an inactive one only with
        O(state=paused).
      - With V(replace), if replacing the timer now would skip its next run, for example after a clock change, the
        module warns and does not replace it yet. If you change the schedule, the timer is replaced immediately.
    type: str
    choices: [warn, ignore, fail, replace]
    default: warn
  on_inactive:
    description:
      - What to do with O(state=present) if Globus stopped the timer, for example because a consent is missing. Such a
        timer does not run until it is resumed.
      - This option does not apply to a timer that a user paused, which stays paused. O(state=active) resumes both.
      - "V(warn): Leave the timer unchanged, and warn with the reason and the remedy."
      - "V(fail): Leave the timer unchanged, and fail."
      - "V(resume): Resume the timer with fresh credentials. If it missed a run, it runs immediately."
    type: str
    choices: [warn, fail, resume]
    default: warn
  check_paths:
    description:
      - Check the paths before the timer is created or replaced. Otherwise a wrong path only becomes apparent at the
        first run, which Globus then retries for days.
      - Off by default, because the check sends more requests, needs more consents (see below) and fails if the source
        does not exist yet. Set it to V(true) if the paths exist when the task runs. The role
        P(research_ops.globus.backup#role) checks paths by default.
      - The task fails if a source does not exist or cannot be read, if C(recursive) is V(false) for a directory or
        V(true) for a file, or if the destination is a file where a directory is needed, or the reverse. The destination
        does not have to exist. If a collection cannot be reached, the module warns and creates the timer.
      - To check paths on a mapped collection, the module needs a C(data_access) consent for Globus Transfer. With
        client credentials, the module obtains it with an additional token request, except in check mode. If the login
        of a person does not have it, the module warns and creates the timer without this check.
    type: bool
    default: false
"""

    ABOUT = r"""
options: {}
notes:
  - The module never blindly repeats the creation of a timer. If a response is lost or unclear, the module first checks
    whether the timer exists.
seealso:
  - module: research_ops.globus.timer_info
    description: Check the health of timers.
  - module: research_ops.globus.collection_info
    description: Look up the IDs of collections, and the consents that timers need.
  - plugin: research_ops.globus.upcoming_runs
    plugin_type: filter
    description: List the runs of a schedule before you create a timer.
  - name: Schedules
    description: Common schedules, and the effect of daylight saving time.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_schedules.rst
  - name: Reliability
    description: How the modules avoid duplicate and lost timers.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_safety.rst
  - name: Globus timers
    description: The timers service, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/flows/timers/
"""

    # The suboptions are the options above. A test checks that both have the same text.
    LIST = r"""
options:
  timers:
    description:
      - The timers, each with its own state. Two entries with the same name are an error.
      - If an entry is invalid, the task fails before it sends a request. If Globus refuses an entry, the other entries
        are still processed, and then the task fails.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the timer. It identifies the timer among those that have not ended. Case-sensitive.
        type: str
      transfer:
        description:
          - The transfer that the timer runs. Exactly one of O(timers[].transfer) and O(timers[].flow) is required to
            create a timer.
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
            description: The paths to transfer, at least one. Their order does not matter.
            type: list
            elements: dict
            required: true
            suboptions:
              source_path:
                description:
                  - Path on the source collection, with forward slashes. It must start with C(/), or with C(/~/) or
                    C(~/) for the home directory. Write the Windows drive C(C:) as C(/C/).
                type: str
                required: true
              destination_path:
                description:
                  - Path on the destination collection, in the same format.
                  - On the same collection, the module refuses to create a timer that copies a directory into itself,
                    unless O(timers[].transfer.filter_rules) exclude the destination.
                type: str
                required: true
              recursive:
                description:
                  - Whether the path is a directory. If not set, Globus detects this at each run.
                type: bool
              external_checksum:
                description:
                  - The expected checksum of the file, with the algorithm
                    O(timers[].transfer.paths[].checksum_algorithm). The default algorithm is MD5.
                type: str
              checksum_algorithm:
                description:
                  - Algorithm of O(timers[].transfer.paths[].external_checksum) and of
                    O(timers[].transfer.verify_checksum), for example V(SHA256).
                type: str
          label:
            description: Label of the transfer tasks. One line of at most 128 characters.
            type: str
          sync_level:
            description:
              - Which files to transfer. Each value includes the ones before it.
              - If not set, every run transfers all files.
              - "V(exists): Files that do not exist at the destination."
              - "V(size): Files whose sizes differ."
              - "V(mtime): Files that are newer at the source."
              - "V(checksum): Files whose checksums differ. Both collections have to read every file."
            type: str
            choices: [exists, size, mtime, checksum]
          verify_checksum:
            description: Verify the checksum of every file after the transfer, and transfer the file again if it
              differs.
            type: bool
            default: true
          preserve_timestamp:
            description: Keep the modification time of files.
            type: bool
            default: false
          encrypt_data:
            description: Encrypt the data during the transfer.
            type: bool
            default: false
          delete_destination_extra:
            description:
              - Mirror the source, that is, delete files at the destination that are not at the source. Only with
                recursive paths.
              - A mirror is not a backup. If the source is emptied, by mistake or because a disk is not mounted, the
                next run empties the destination, and the run succeeds.
              - The module refuses to create a mirror whose destination is its own source, or a directory above or below
                it on the same collection.
            type: bool
            default: false
          skip_source_errors:
            description: Skip files at the source that do not exist or cannot be read.
            type: bool
            default: false
          fail_on_quota_errors:
            description: Fail immediately if a quota is exceeded, instead of retrying.
            type: bool
            default: false
          notify_on_succeeded:
            description: Send an e-mail when a transfer succeeds.
            type: bool
            default: true
          notify_on_failed:
            description: Send an e-mail when a transfer fails.
            type: bool
            default: true
          notify_on_inactive:
            description: Send an e-mail when a transfer cannot continue, for example because credentials have expired.
            type: bool
            default: true
          store_base_path_info:
            description: Store the base path in the information of each transfer task.
            type: bool
            default: false
          deadline:
            description:
              - Time in ISO 8601 after which Globus cancels a transfer. Without an offset, the time is in UTC.
              - The deadline is the same for all runs of the timer, so it is rarely useful. The module refuses to create
                a timer whose deadline is before its first run.
            type: str
          filter_rules:
            description: Rules to include or exclude files of recursive paths. The first rule that matches applies.
            type: list
            elements: dict
            suboptions:
              name:
                description: Pattern for the name, for example V(*.tmp).
                type: str
                required: true
              method:
                description: Whether to include or exclude files that match.
                type: str
                choices: [include, exclude]
                default: exclude
              type:
                description: Whether the rule applies to files or directories. If not set, to both.
                type: str
                choices: [file, dir]
          source_local_user:
            description: Local user on the source collection, if the login maps to several users.
            type: str
          destination_local_user:
            description: Local user on the destination collection, if the login maps to several users.
            type: str
      flow:
        description:
          - The flow that the timer runs, instead of O(timers[].transfer).
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
            description: Identities or groups that may manage the runs, as URNs. Their order does not matter.
            type: list
            elements: str
          run_monitors:
            description: Identities or groups that may view the runs, as URNs. Their order does not matter.
            type: list
            elements: str
          tags:
            description: Tags of the runs.
            type: list
            elements: str
      schedule:
        description:
          - When the timer runs. Required with O(timers[].transfer) or O(timers[].flow).
          - V({}) runs the timer once, immediately. The module does not create a timer with the same name again until
            Globus forgets the timer, 90 days after its end. To run it again, use another name.
        type: dict
        suboptions:
          interval:
            description:
              - Time between two runs, for example V(30m), V(12h), V(1d), V(1w) or V(1h30m), or a number of seconds.
                From 60 seconds to 365 days. If not set, the timer runs once.
              - Units are lower case. There is no unit for months. Do not write C(12:00), which YAML reads as the number
                720, that is, 12 minutes. Write V(12h).
            type: raw
          start:
            description:
              - Time of the first run in ISO 8601. Without an offset, it is a local time in
                O(timers[].schedule.timezone).
              - The start of a recurring timer can be in the past. A new timer then starts at the next run.
              - If neither O(timers[].schedule.start) nor O(timers[].schedule.at) is set, the timer first runs when it
                is created.
            type: str
          at:
            description:
              - Local time of day of the runs in O(timers[].schedule.timezone), for example V("02:00"), or
                V("02:00:30") with seconds. Quote the time. YAML reads an unquoted C(22:30) or C(0200) as another
                number, which the module refuses. Mutually exclusive with O(timers[].schedule.start).
              - If there is an interval, it must divide a day or consist of whole days. Without an interval, the timer
                runs once, at the next such time.
            type: raw
          weekday:
            description:
              - Day of the first run. Requires O(timers[].schedule.at). If there is an interval, it must be whole weeks
                or 365 days.
            type: str
            choices: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
          timezone:
            description: IANA name of the time zone of O(timers[].schedule.start), O(timers[].schedule.at) and
              O(timers[].schedule.end.datetime).
            type: str
            default: UTC
          daylight_saving:
            description:
              - What to do about daylight saving time. Globus runs timers at fixed intervals, so a clock change shifts
                the local time of their runs.
              - "V(ignore): Accept the shift. The module compares the local time of the first run only."
              - "V(follow): Treat it as drift if the next run would be at another local time. With
                O(timers[].on_drift=replace), the next run of the playbook replaces the timer once. With other values of
                O(timers[].on_drift), the module only reports the drift."
            type: str
            choices: [ignore, follow]
            default: ignore
          end:
            description:
              - When the timer ends. Exactly one of O(timers[].schedule.end.count) and O(timers[].schedule.end.datetime)
                is required. If not set, the timer does not end.
            type: dict
            suboptions:
              count:
                description:
                  - Number of runs, at least 1.
                  - Without O(timers[].schedule.start), a timer that has completed all its runs is not created again
                    with the same name until Globus forgets it, 90 days after its end. To run it again, use another
                    name.
                type: int
              datetime:
                description:
                  - Time in ISO 8601 after which the timer does not run. Without an offset, it is a local time in
                    O(timers[].schedule.timezone).
                type: str
      state:
        description:
          - The desired state of the timer. For an existing timer, V(active), V(paused) and V(absent) only need
            O(timers[].name) or O(timers[].timer_id).
          - If a timer missed a run while it was paused or inactive, it runs immediately when it is resumed.
          - "V(present): The timer exists."
          - "V(active): The timer exists and runs. If it is inactive for any reason, the module resumes it with fresh
            credentials."
          - "V(paused): The timer exists and is paused."
          - "V(absent): No timer with this name exists, except timers that have ended. The module deletes all others
            with this name."
        type: str
        choices: [present, active, paused, absent]
        default: present
      timer_id:
        description:
          - UUID of the timer. If you also set O(timers[].name), the module renames the timer.
          - If no timer has this ID, the task fails, except with O(timers[].state=absent).
            O(timers[].on_drift=replace) is not supported together with O(timers[].timer_id).
        type: str
      on_drift:
        description:
          - What to do if the timer exists but differs from the definition. RV(timers[].drift) lists the differences.
          - "V(warn): Leave the timer unchanged, and warn."
          - "V(ignore): Leave the timer unchanged."
          - "V(fail): Leave the timer unchanged, and fail."
          - "V(replace): Create a new timer, and then delete the old one. The new timer runs at the same times as the
            old timer, unless the definition sets others. If the old timer was paused, so is the new one."
          - With V(replace), if several timers have the name, the module keeps one that matches the definition and
            deletes the others. It prefers active timers, and deletes an active timer to keep an inactive one only with
            O(timers[].state=paused).
          - With V(replace), if replacing the timer now would skip its next run, for example after a clock change, the
            module warns and does not replace it yet. If you change the schedule, the timer is replaced immediately.
        type: str
        choices: [warn, ignore, fail, replace]
      on_inactive:
        description:
          - What to do with O(timers[].state=present) if Globus stopped the timer, for example because a consent is
            missing. Such a timer does not run until it is resumed.
          - This option does not apply to a timer that a user paused, which stays paused. O(timers[].state=active)
            resumes both.
          - "V(warn): Leave the timer unchanged, and warn with the reason and the remedy."
          - "V(fail): Leave the timer unchanged, and fail."
          - "V(resume): Resume the timer with fresh credentials. If it missed a run, it runs immediately."
        type: str
        choices: [warn, fail, resume]
      check_paths:
        description:
          - Check the paths before the timer is created or replaced. Otherwise a wrong path only becomes apparent at the
            first run, which Globus then retries for days.
          - Off by default, because the check sends more requests, needs more consents (see below) and fails if the
            source does not exist yet. Set it to V(true) if the paths exist when the task runs. The role
            P(research_ops.globus.backup#role) checks paths by default.
          - The task fails if a source does not exist or cannot be read, if C(recursive) is V(false) for a directory or
            V(true) for a file, or if the destination is a file where a directory is needed, or the reverse. The
            destination does not have to exist. If a collection cannot be reached, the module warns and creates the
            timer.
          - To check paths on a mapped collection, the module needs a C(data_access) consent for Globus Transfer. With
            client credentials, the module obtains it with an additional token request, except in check mode. If the
            login of a person does not have it, the module warns and creates the timer without this check.
        type: bool

  on_drift:
    description:
      - Default for entries without O(timers[].on_drift), which describes the values.
    type: str
    choices: [warn, ignore, fail, replace]
    default: warn
  on_inactive:
    description:
      - Default for entries without O(timers[].on_inactive), which describes the values.
    type: str
    choices: [warn, fail, resume]
    default: warn
  check_paths:
    description: Default for entries without O(timers[].check_paths), which describes when to set it to V(true).
    type: bool
    default: false
"""
