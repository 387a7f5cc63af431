#!/usr/bin/python
# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: login
short_description: Sign in to Globus as a person
version_added: 0.1.0
description:
  - For people without a service account. Signs in to a native app of yours, once; the other modules then use the stored
    login with O(research_ops.globus.timer#module:auth_method=user).
  - Works in two steps, so that no task ever waits for input. Step one returns an address to open in a browser. Step two
    is the same task with the code that the page shows.
  - The playbook C(research_ops.globus.login) does both steps and asks for what it needs.
  - Where the stored login still works and has the consents that are asked for, nothing is done, and no address is
    returned.
notes:
  - Of what signs the other modules in it knows O(client_id) and O(token_storage) alone. Where C(module_defaults) of the
    action group set more, such as C(auth_method), the task takes it back with C(auth_method="{{ omit }}").
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth.connection
  - research_ops.globus.attributes
  - research_ops.globus.attributes.action_group
attributes:
  check_mode:
    details: In check mode no login is begun, so RV(authorize_url) is null.
  diff_mode:
    support: none
    details: What changes is a secret.
  idempotent:
    support: partial
    details: Step two works once, as its code does. Everything else changes nothing when it is repeated.
options:
  client_id:
    description:
      - ID of a native app that you registered at U(https://app.globus.org/settings/developers), with the redirect
        address C(https://auth.globus.org/v2/web/auth-code).
      - If not set, E(GLOBUS_CLIENT_ID) is used.
    type: str
    required: true
  collections:
    description:
      - IDs of the mapped collections for whose data (C(data_access)) timers are to have your consent. Collections that
        are not mapped, or are high assurance, take no such consent, and the page says C(UNKNOWN_SCOPE_ERROR) when it is
        asked for.
      - Where you are signed in already, each is looked up, and those that take no consent are left out.
    type: list
    elements: str
    default: []
  flows:
    description:
      - IDs of the flows that timers are to run for you.
    type: list
    elements: str
    default: []
  code:
    description:
      - The code of the page that the address of step one leads to. It works once, for a few minutes. With it the task
        is step two.
    type: str
  force:
    description:
      - Sign in anew even where the stored login works and has the consents.
      - Needed when a session has expired that a high assurance collection asks for, and to sign in as somebody else.
    type: bool
    default: false
  state:
    description:
      - Whether there is to be a login.
      - "V(present): Sign in, where that is needed, in two steps."
      - "V(absent): Revoke the tokens of the stored login, and remove it. Timers keep the credentials that they have."
    type: str
    choices: [present, absent]
    default: present
  token_storage:
    description:
      - File in which the login is kept, private to its owner.
      - If not set, E(GLOBUS_TOKEN_STORAGE) is used, else C(~/.globus/ansible/<client_id>/tokens.json).
    type: path
seealso:
  - module: research_ops.globus.collection_info
    description: Which collections need a consent, and whether it is there.
  - module: research_ops.globus.timer
    description: Uses the login with O(research_ops.globus.timer#module:auth_method=user).
  - name: Clients, scopes and consents
    description: What a consent is, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/clients-scopes-and-consents/
  - name: Globus consents
    description: What you let applications do, and take back, in the Globus web app.
    link: https://app.globus.org/settings/consents
"""

EXAMPLES = r"""
- name: Begin to sign in
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    collections:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    flows:
      - 24bc4997-b483-4c25-a19c-64b0afc00743
  register: begun

- name: Show the address to open, unless all is there
  ansible.builtin.debug:
    msg: "{{ begun.authorize_url or 'Signed in as ' ~ begun.username }}"

- name: Finish with the code that the page showed
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    code: "{{ code }}" # for example from the command line: -e code=...

- name: Use the login
  research_ops.globus.timer_info:
    auth_method: user
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2

- name: Sign in anew, to a file of its own, for a session of a high assurance collection
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    token_storage: ~/.globus/ansible/clinic.json
    force: true

- name: Sign out
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    state: absent
"""

RETURN = r"""
authorize_url:
  description: The address to open in a browser. Null where there is nothing to do, after step two, and in check mode.
  type: str
  returned: success
  sample: "https://auth.globus.org/v2/oauth2/authorize?\
    client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2&redirect_uri=https%3A%2F%2Fauth.globus.org%2Fv2%2Fweb%2Fauth-code\
    &scope=openid+profile+urn%3Aglobus%3Aauth%3Ascope%3Atransfer.api.globus.org%3Aall+\
    https%3A%2F%2Fauth.globus.org%2Fscopes%2F524230d7-ea86-4a52-8312-86065a9e0417%2Ftimer%5B\
    urn%3Aglobus%3Aauth%3Ascope%3Atransfer.api.globus.org%3Aall%5D&state=...\
    &response_type=code&code_challenge=...&code_challenge_method=S256&access_type=offline&prompt=login"
username:
  description: Who is signed in, or null where nobody is yet.
  type: str
  returned: success
  sample: researcher@example.org
scopes:
  description: The scopes of the tokens that the login has. Those below them, such as C(data_access), are not told.
  type: list
  elements: str
  returned: success
  sample:
    - https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer
    - openid
    - profile
    - urn:globus:auth:scope:transfer.api.globus.org:all
token_storage:
  description: The file in which the login is kept.
  type: str
  returned: success
  sample: /home/researcher/.globus/ansible/8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2/tokens.json
msg:
  description: Why the task failed, in a sentence that a person can act on.
  type: str
  returned: failure
  sample: >-
    No login of client 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2 was begun here: run the task without code first, and open
    the address that it returns
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
    code: no_login_begun
    http_status: null
    request_id: null
remedy:
  description: The command or edit that cures the failure.
  type: str
  returned: on failure, where there is one
  sample: set token_storage (GLOBUS_TOKEN_STORAGE) to another file
"""

from ..module_utils._module.login import run_login


def main() -> None:
    run_login()


if __name__ == "__main__":
    main()
