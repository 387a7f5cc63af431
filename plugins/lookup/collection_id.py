# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup ``collection_id``: display names of collections to their IDs. It removes secrets from its messages (rule
X1)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: collection_id
short_description: Look up the ID of a Globus collection by its display name
version_added: 0.1.0
author:
  - Research Ops (@research-ops)
description:
  - Returns the ID of the collection with this display name. Case-sensitive.
  - Fails if no collection that is visible to the login has this name, or if several have it. The message contains
    similar names, or the IDs and owners.
  - A display name can change, and other people can use the same name for their collections. Use IDs in playbooks that
    run unattended.
  - A lookup runs on the controller each time its template is evaluated, and sends at least one request for each
    name. To look up a name only once, use C(ansible.builtin.set_fact).
extends_documentation_fragment:
  - research_ops.globus.auth
  - research_ops.globus.auth.connection
options:
  _terms:
    description: Display names of collections.
    type: list
    elements: str
    required: true
seealso:
  - module: research_ops.globus.collection_info
    description: Read or search collections.
"""

EXAMPLES = r"""
- name: Look up two collections once
  ansible.builtin.set_fact:
    microscope: "{{ lookup('research_ops.globus.collection_id', 'Microscope share') }}"
    archive: "{{ lookup('research_ops.globus.collection_id', 'Archive') }}"

- name: Copy the microscope's data every night
  research_ops.globus.timer:
    name: microscope-nightly
    transfer:
      source_collection: "{{ microscope }}"
      destination_collection: "{{ archive }}"
      paths:
        - source_path: /data/microscope/
          destination_path: /backup/microscope/
          recursive: true
    schedule:
      interval: 1d
      at: "02:00"

- name: Show the IDs of several collections
  ansible.builtin.debug:
    msg: "{{ query('research_ops.globus.collection_id', 'Microscope share', 'Archive') }}"
"""

RETURN = r"""
_raw:
  description: The IDs, in the order of the names.
  type: list
  elements: str
  sample: [6c54cade-bde5-45c1-bdea-f4bd71dba2cc]
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils import _arguments
from ..module_utils._errors import GlobusError, InputError
from ..module_utils._globus.collections import collection_named
from ..module_utils._globus.connection import check_sdk, checked_options, connect
from ..module_utils._secrets import fit_to_print
from ..plugin_utils._plain import plain, text_of


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core is not typed
    """The lookup, with the class name that Ansible requires."""

    def run(self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """The IDs. Raises AnsibleLookupError, without a secret in it."""
        try:
            return _collection_ids([plain(term) for term in self._flatten(terms)], plain(kwargs))
        except InputError as error:
            message = str(error)
        except GlobusError as error:
            message = error.message
        except Exception as error:  # its text may hold a secret
            message = f"Unexpected error: {type(error).__name__}: {error}"
        raise AnsibleLookupError(fit_to_print(f"collection_id: {message}"))


def _collection_ids(names: Sequence[Any], options: Mapping[str, Any]) -> list[str]:
    parameters = checked_options(_arguments.auth_arguments(), options)
    wanted = [text_of("the display name", name).strip() for name in names]
    if not wanted or not all(wanted):
        raise InputError("a display name is empty")
    check_sdk()
    globus = connect(parameters)
    found = {name: collection_named(name, globus.search_collections(name)) for name in dict.fromkeys(wanted)}
    return [found[name].id for name in wanted]
