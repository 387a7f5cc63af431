#!/usr/bin/python
# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: collection_info
short_description: Read Globus collections and the consents that timers need
version_added: 0.1.0
description:
  - Returns collections, the scope that a timer needs for each of them, and whether the login has the consent.
author:
  - Research Ops (@research-ops)
extends_documentation_fragment:
  - research_ops.globus.auth
  - research_ops.globus.auth.connection
  - research_ops.globus.attributes.info
  - research_ops.globus.attributes.action_group
options:
  collection_ids:
    description:
      - UUIDs of the collections. If a collection does not exist, was deleted or is not visible, its values are null and
        RV(collections[].msg) explains why.
      - Exactly one of O(collection_ids) and O(search) is required.
    type: list
    elements: str
  search:
    description:
      - Text to search for in the names, owners and descriptions of collections. The search returns at most a thousand
        collections.
      - Exactly one of O(collection_ids) and O(search) is required.
    type: str
seealso:
  - module: research_ops.globus.timer
    description: Obtains the consents that timers need.
  - module: research_ops.globus.login
    description: Grant the consents of a person.
  - name: Collections and endpoints
    description: The kinds of collections, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/collections-and-endpoints/
"""

EXAMPLES = r"""
- name: Read which consents timers need on two collections
  research_ops.globus.collection_info:
    collection_ids:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      - 31ce9ba0-176d-45a5-add3-f37d233ba47d
  register: needed

- name: Show the collections without the consent
  ansible.builtin.debug:
    msg: "{{ needed.collections | selectattr('consent', 'eq', 'missing') | map(attribute='display_name') }}"

- name: Find the collections of the microscope
  research_ops.globus.collection_info:
    search: microscope
  register: found

- name: Show their names and IDs
  ansible.builtin.debug:
    msg: "{{ found.collections | items2dict(key_name='display_name', value_name='id') }}"

- name: Read which consents your own login has
  research_ops.globus.collection_info:
    auth_method: user
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    collection_ids:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
"""

RETURN = r"""
collections:
  description: The collections, in the order of O(collection_ids) or of the search results.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: ID of the collection.
      type: str
      sample: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    display_name:
      description: Its name. This and all following values are null if the collection cannot be read.
      type: str
      sample: Microscope share
    entity_type:
      description: Its type as Globus Transfer reports it, or null.
      type: str
      sample: GCSv5_mapped_collection
    high_assurance:
      description: Whether it is a high assurance collection, or null. Its timers stop when the session expires.
      type: bool
      sample: false
    requires_data_access:
      description: Whether a timer needs a C(data_access) consent for it, or null.
      type: bool
      sample: true
    scope:
      description: The scope that a token for timers must have, or null if the collection needs no special scope.
      type: str
      sample: "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer[\
        urn:globus:auth:scope:transfer.api.globus.org:all[\
        *https://auth.globus.org/scopes/6c54cade-bde5-45c1-bdea-f4bd71dba2cc/data_access]]"
    consent:
      description: V(granted), V(missing), V(not_needed), or V(unknown) if the login cannot read its consents.
      type: str
      sample: granted
    owner:
      description: Its owner, or null.
      type: str
      sample: operations@example.org
    url:
      description: Page of the collection in the Globus web app, or null.
      type: str
      sample: https://app.globus.org/file-manager/collections/6c54cade-bde5-45c1-bdea-f4bd71dba2cc/overview
    msg:
      description: Why timers cannot use the collection.
      type: str
      returned: for collections that do not exist, were deleted or are not visible, and for endpoints
      sample: >-
        Collection 99999999-aaaa-4aaa-8aaa-000000000001 does not exist. Check the ID and the permissions of the login
        (Globus Transfer answered 404: No such endpoint '99999999-aaaa-4aaa-8aaa-000000000001')
    error:
      description: The error in a machine-readable form.
      type: dict
      returned: with RV(collections[].msg)
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
msg:
  description: The error message.
  type: str
  returned: failure
  sample: >-
    collection_ids[0] must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not 'not one'. The web app shows it
    on the page of the collection. The lookup research_ops.globus.collection_id finds it by the display name
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
    code: login_required
    http_status: null
    request_id: null
remedy:
  description: The command or change that fixes the error.
  type: str
  returned: on failure, if there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.collection_info import run_collection_info


def main() -> None:
    run_collection_info()


if __name__ == "__main__":
    main()
