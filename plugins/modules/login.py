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
  - Signs in to Globus as a person, with a native app that you registered, and stores the login. Use this module if you
    have no service account. The other modules use the stored login with
    O(research_ops.globus.timer#module:auth_method=user).
  - Signing in has two steps, so no task waits for input. The first step returns a URL to open in a browser. The second
    step is the same task with the code that the page shows.
  - The playbook C(research_ops.globus.login) runs both steps and prompts for the code.
  - If the stored login is valid and has all consents, the module changes nothing and returns no URL.
notes:
  - The only authentication options of this module are O(client_id) and O(token_storage). If C(module_defaults) of the
    action group set others, such as C(auth_method), unset them in the task with C(auth_method="{{ omit }}").
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth.connection
  - research_ops.globus.attributes
  - research_ops.globus.attributes.action_group
attributes:
  check_mode:
    details: In check mode, RV(authorize_url) is null, because no login is started.
  diff_mode:
    support: none
    details: The module only changes secrets.
  idempotent:
    support: partial
    details: The second step works only once, because a code is valid only once. Repeating anything else
      changes nothing.
options:
  client_id:
    description:
      - ID of a native app that you registered at U(https://app.globus.org/settings/developers), with the redirect URL
        C(https://auth.globus.org/v2/web/auth-code).
      - If not set, E(GLOBUS_CLIENT_ID) is used.
    type: str
    required: true
  collections:
    description:
      - IDs of mapped collections. You grant timers the consent to access their data (C(data_access)). Other
        collections, and high assurance collections, do not support this consent. For these, the page shows
        C(UNKNOWN_SCOPE_ERROR).
      - If you are signed in already, the module looks up the collections and omits those that do not support the
        consent.
    type: list
    elements: str
    default: []
  flows:
    description:
      - IDs of flows. You grant timers the consent to run them.
    type: list
    elements: str
    default: []
  code:
    description:
      - The code that the page of the first step shows. With this option, the task runs the second step. The code works
        once, for a few minutes.
    type: str
  force:
    description:
      - Sign in again even if the stored login is valid and has all consents.
      - Needed if the session for a high assurance collection has expired, and to sign in as another person.
    type: bool
    default: false
  state:
    description:
      - Whether the login should exist.
      - "V(present): Sign in, if necessary, in two steps."
      - "V(absent): Revoke the tokens of the stored login, and delete it. Timers keep their credentials."
    type: str
    choices: [present, absent]
    default: present
  token_storage:
    description:
      - File that stores the login. Only its owner can read it.
      - If not set, E(GLOBUS_TOKEN_STORAGE) is used, else C(~/.globus/ansible/<client_id>/tokens.json).
    type: path
seealso:
  - module: research_ops.globus.collection_info
    description: Check which collections need a consent, and whether it was granted.
  - module: research_ops.globus.timer
    description: Uses the login with O(research_ops.globus.timer#module:auth_method=user).
  - name: Clients, scopes and consents
    description: Explains consents, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/clients-scopes-and-consents/
  - name: Globus consents
    description: Review and revoke consents in the Globus web app.
    link: https://app.globus.org/settings/consents
"""

EXAMPLES = r"""
- name: Start to sign in
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    collections:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    flows:
      - 24bc4997-b483-4c25-a19c-64b0afc00743
  register: begun

- name: Show the URL to open, or who is signed in
  ansible.builtin.debug:
    msg: "{{ begun.authorize_url or 'Signed in as ' ~ begun.username }}"

- name: Sign in with the code that the page showed
  research_ops.globus.login:
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    code: "{{ code }}" # for example from the command line: -e code=...

- name: Use the login
  research_ops.globus.timer_info:
    auth_method: user
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2

- name: Sign in again for a session of a high assurance collection, and store the login in another file
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
  description: The URL to open in a browser. Null if the login is complete, after the second step, and in check mode.
  type: str
  returned: success
  sample: "https://auth.globus.org/v2/oauth2/authorize?\
    client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2&redirect_uri=https%3A%2F%2Fauth.globus.org%2Fv2%2Fweb%2Fauth-code\
    &scope=openid+profile+urn%3Aglobus%3Aauth%3Ascope%3Atransfer.api.globus.org%3Aall+\
    https%3A%2F%2Fauth.globus.org%2Fscopes%2F524230d7-ea86-4a52-8312-86065a9e0417%2Ftimer%5B\
    urn%3Aglobus%3Aauth%3Ascope%3Atransfer.api.globus.org%3Aall%5D&state=...\
    &response_type=code&code_challenge=...&code_challenge_method=S256&access_type=offline&prompt=login"
username:
  description: Username of the person who is signed in, or null if nobody is.
  type: str
  returned: success
  sample: researcher@example.org
scopes:
  description: The scopes of the tokens of the login, without dependent scopes such as C(data_access).
  type: list
  elements: str
  returned: success
  sample:
    - https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer
    - openid
    - profile
    - urn:globus:auth:scope:transfer.api.globus.org:all
token_storage:
  description: The file that stores the login.
  type: str
  returned: success
  sample: /home/researcher/.globus/ansible/8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2/tokens.json
msg:
  description: The error message.
  type: str
  returned: failure
  sample: >-
    No login of client 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2 was started on this host. Run the task without code first,
    and open the URL that it returns
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
    code: no_login_begun
    http_status: null
    request_id: null
remedy:
  description: The command or change that fixes the error.
  type: str
  returned: on failure, if there is one
  sample: set token_storage (GLOBUS_TOKEN_STORAGE) to another file
"""

from ..module_utils._module.login import run_login


def main() -> None:
    run_login()


if __name__ == "__main__":
    main()
