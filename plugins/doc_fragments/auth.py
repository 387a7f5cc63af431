# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Signing in: the options of ``auth_arguments`` in ``module_utils/_arguments.py``.

    Those of them that ``login_arguments`` has too are in ``CONNECTION``.
    """

    DOCUMENTATION = r"""
options:
  auth_method:
    description:
      - How to sign in.
      - If not set, the environment variable E(GLOBUS_AUTH_METHOD) is used.
      - "V(auto): The first that is there of O(timers_token), of O(client_id) with O(client_secret), of a stored login
        of a person, and of a login of the Globus CLI."
      - "V(client_credentials): Sign in as a service account. The consents that a timer needs on its collections are
        granted by the module itself, just before the timer is created or resumed."
      - "V(user): Use the login of a person that M(research_ops.globus.login) has stored. Its consents are checked
        before a timer is created or resumed, and a missing one fails with the command that grants it."
      - "V(cli): Use the login of the Globus CLI (C(globus login)), of the profile that E(GLOBUS_PROFILE) names. The
        storage of the CLI is only read. Consents are checked like those of V(user)."
      - "V(access_token): Use tokens that you bring. The consents behind them cannot be seen, the module warns about
        it."
    type: str
    choices: [auto, client_credentials, user, cli, access_token]
    default: auto
  client_id:
    description:
      - ID of the service account (a confidential client registered with Globus Auth), or for O(auth_method=user) of the
        native app that the login was made with.
      - Required with O(auth_method=client_credentials).
      - If not set, E(GLOBUS_CLIENT_ID) is used, then E(GLOBUS_CLI_CLIENT_ID).
    type: str
  client_secret:
    description:
      - Secret of the service account. It is sent to Globus Auth only, and never logged.
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
      - An access token for Globus Transfer, needed with O(timers_token) where collections are looked up, that is, to
        create or resume a timer, and by M(research_ops.globus.collection_info). Never logged.
      - If not set, E(GLOBUS_TRANSFER_TOKEN) is used.
    type: str
  token_storage:
    description:
      - File in which tokens are kept between tasks, private to its owner. It is not a secret itself.
      - With O(auth_method=client_credentials) none is kept by default; with one, the tasks of a play share a token.
      - With O(auth_method=user) the default is C(~/.globus/ansible/<client_id>/tokens.json).
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
      - The Globus environment, one of those that the SDK knows.
      - If not set, E(GLOBUS_SDK_ENVIRONMENT) is used.
    type: str
    choices: [production, preview, sandbox, integration, test, staging]
    default: production
  request_timeout:
    description:
      - How long to wait for the answer to one HTTP request, in seconds. More than 0, at most a day.
      - If not set, E(GLOBUS_REQUEST_TIMEOUT) is used.
    type: float
    default: 60.0
  retries:
    description:
      - How often a request is repeated after a connection error, a time-out or an answer that asks for it. V(0) for
        never.
      - If not set, E(GLOBUS_RETRIES) is used.
    type: int
    default: 5
notes:
  - Environment variables and files of logins are those of the host where the module runs, usually C(localhost). A
    variable that is set but blank counts as unset. Where an option for credentials is given blank, its variable is
    used.
  - Credentials are sent only to the hosts of Globus over verified TLS, and to this machine (loopback) for rehearsals.
    E(GLOBUS_SDK_VERIFY_SSL), E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE) or E(SSL_CERT_FILE) may name the file of your
    site's CA bundle. The check cannot be switched off.
seealso:
  - ref: ansible_collections.research_ops.globus.docsite.guide_authentication
    description: The ways to sign in, what each is good for, and what is kept and sent where.
"""
