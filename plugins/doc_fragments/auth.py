# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Signing in: the options of ``auth_arguments`` in ``module_utils/_arguments.py``.

    The options that ``login_arguments`` has, too, are in ``CONNECTION``.
    """

    DOCUMENTATION = r"""
options:
  auth_method:
    description:
      - How to sign in.
      - If not set, the environment variable E(GLOBUS_AUTH_METHOD) is used.
      - "V(auto): Use the first of these that exists: O(timers_token), O(client_id) with O(client_secret), a stored
        login of a person, a login of the Globus CLI."
      - "V(client_credentials): Sign in as a service account. The module obtains the consents that a timer needs just
        before it creates or resumes the timer."
      - "V(user): Use the login of a person that M(research_ops.globus.login) stored. The module checks the consents
        before it creates or resumes a timer. If one is missing, the module fails and returns the command that grants
        it."
      - "V(cli): Use the login of the Globus CLI (C(globus login)) with the profile in E(GLOBUS_PROFILE). The module
        only reads the storage of the CLI. It checks consents in the same way as with V(user)."
      - "V(access_token): Use your own access tokens. The module cannot check their consents, and warns about it."
    type: str
    choices: [auto, client_credentials, user, cli, access_token]
    default: auto
  client_id:
    description:
      - ID of the service account, which is a confidential client registered with Globus Auth. For O(auth_method=user),
        the ID of the native app of the login.
      - Required with O(auth_method=client_credentials).
      - If not set, E(GLOBUS_CLIENT_ID) is used, then E(GLOBUS_CLI_CLIENT_ID).
    type: str
  client_secret:
    description:
      - Secret of the service account. The module sends it only to Globus Auth, and never logs it.
      - Required with O(auth_method=client_credentials).
      - If not set, E(GLOBUS_CLIENT_SECRET) is used, then E(GLOBUS_CLI_CLIENT_SECRET).
    type: str
  timers_token:
    description:
      - An access token for Globus Timers. Never logged.
      - Required with O(auth_method=access_token).
      - If not set, E(GLOBUS_TIMERS_TOKEN) is used.
    type: str
  transfer_token:
    description:
      - An access token for Globus Transfer. With O(timers_token), this token is needed to create or resume a timer, to
        read transfer tasks (M(research_ops.globus.timer_info)), and to look up collections
        (M(research_ops.globus.collection_info)). Never logged.
      - If not set, E(GLOBUS_TRANSFER_TOKEN) is used.
    type: str
  token_storage:
    description:
      - File that stores tokens between tasks. Only its owner can read it. The path is not a secret.
      - With O(auth_method=client_credentials), tokens are not stored by default. Set this option to share a token
        between the tasks of a playbook.
      - With O(auth_method=user), the default is C(~/.globus/ansible/<client_id>/tokens.json).
      - If not set, E(GLOBUS_TOKEN_STORAGE) is used.
    type: path
"""

    CONNECTION = r"""
requirements:
  - python >= 3.9
  - globus-sdk >= 4, < 5
options:
  environment:
    description:
      - The Globus environment.
      - If not set, E(GLOBUS_SDK_ENVIRONMENT) is used.
    type: str
    choices: [production, preview, sandbox, integration, test, staging]
    default: production
  request_timeout:
    description:
      - Timeout of an HTTP request in seconds. More than 0, at most a day. To make the connection, the module waits at
        most 20 seconds of it.
      - If not set, E(GLOBUS_REQUEST_TIMEOUT) is used.
    type: float
    default: 60.0
  retries:
    description:
      - How often to retry a request after a connection error, a timeout, or a response that asks for it. V(0) disables
        retries.
      - With the defaults, a task fails after about two minutes if it cannot connect to Globus, and after about six if
        Globus accepts the connection but never answers. Ansible shows nothing in the meantime.
      - If not set, E(GLOBUS_RETRIES) is used.
    type: int
    default: 5
notes:
  - The module reads environment variables and stored logins on the host where it runs, usually C(localhost). Blank
    variables count as unset. If an option for credentials is blank, the module uses its environment variable.
  - The module sends credentials only to Globus over verified TLS, and to the local machine (loopback) for rehearsals.
    To use the CA bundle of your site, set E(GLOBUS_SDK_VERIFY_SSL), E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE) or
    E(SSL_CERT_FILE) to its file. Certificate checks cannot be disabled.
seealso:
  - name: Signing in
    description: The ways to sign in, when to use them, and how credentials are stored and sent.
    link: https://github.com/research-ops/globus/blob/main/docs/docsite/rst/guide_authentication.rst
"""
