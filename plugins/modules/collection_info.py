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
  - Returns collections, which scope a timer needs for each, and whether the consent for it is there.
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
      - UUIDs of the collections. One that does not exist, was deleted or is not visible is returned too, with nulls and
        with RV(collections[].msg) saying so.
      - Exactly one of O(collection_ids) and O(search) is required.
    type: list
    elements: str
  search:
    description:
      - Collections that this text finds, in their names, owners and descriptions. The service finds a thousand at most.
      - Exactly one of O(collection_ids) and O(search) is required.
    type: str
seealso:
  - module: research_ops.globus.timer
    description: Gets the consents by itself that timers need.
  - module: research_ops.globus.login
    description: Consents of a person.
  - name: Collections and endpoints
    description: What kinds of collections there are, in the Globus documentation.
    link: https://docs.globus.org/guides/overviews/collections-and-endpoints/
"""

EXAMPLES = r"""
- name: See what timers need on two collections
  research_ops.globus.collection_info:
    collection_ids:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
      - 31ce9ba0-176d-45a5-add3-f37d233ba47d
  register: needed

- name: Show for which of them a consent is missing
  ansible.builtin.debug:
    msg: "{{ needed.collections | selectattr('consent', 'eq', 'missing') | map(attribute='display_name') }}"

- name: Find the collections of the microscope
  research_ops.globus.collection_info:
    search: microscope
  register: found

- name: Show their names and IDs
  ansible.builtin.debug:
    msg: "{{ found.collections | items2dict(key_name='display_name', value_name='id') }}"

- name: See which consents your own login has
  research_ops.globus.collection_info:
    auth_method: user
    client_id: 8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
    collection_ids:
      - 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
"""

RETURN = r"""
collections:
  description: The collections, in the order of O(collection_ids), or as the search found them.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: ID of the collection.
      type: str
      sample: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    display_name:
      description: Its name, or null where it cannot be read, like all that follows.
      type: str
      sample: Microscope share
    entity_type:
      description: What it is, in the words of Globus Transfer, or null.
      type: str
      sample: GCSv5_mapped_collection
    high_assurance:
      description: Whether it is high assurance, or null. Timers on such a collection stop when the session expires.
      type: bool
      sample: false
    requires_data_access:
      description: Whether a timer needs a C(data_access) consent for it, or null.
      type: bool
      sample: true
    scope:
      description: The scope with which a token for timers must be requested, or null where none is special to it.
      type: str
      sample: "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer[\
        urn:globus:auth:scope:transfer.api.globus.org:all[\
        *https://auth.globus.org/scopes/6c54cade-bde5-45c1-bdea-f4bd71dba2cc/data_access]]"
    consent:
      description: V(granted), V(missing), V(not_needed), or V(unknown) where the login cannot see it.
      type: str
      sample: granted
    owner:
      description: Who owns it, or null.
      type: str
      sample: operations@example.org
    url:
      description: Page of the collection in the Globus web app, or null.
      type: str
      sample: https://app.globus.org/file-manager/collections/6c54cade-bde5-45c1-bdea-f4bd71dba2cc/overview
    msg:
      description: Why timers cannot use it.
      type: str
      returned: for one that does not exist, was deleted, is not visible, or is an endpoint and no collection
      sample: >-
        Collection 99999999-aaaa-4aaa-8aaa-000000000001 does not exist: check the ID, and that the login may see it
        (Globus Transfer answered 404: No such endpoint '99999999-aaaa-4aaa-8aaa-000000000001')
    error:
      description: What failed, for programs. RV(collections[].msg) says it for people.
      type: dict
      returned: with RV(collections[].msg)
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
        code: EndpointNotFound
        http_status: 404
        request_id: vHnRBcJtX
msg:
  description: Why the task failed, in a sentence that a person can act on.
  type: str
  returned: failure
  sample: >-
    collection_ids[0] must be a UUID such as 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, not 'not one'
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
    code: login_required
    http_status: null
    request_id: null
remedy:
  description: The command or edit that cures the failure.
  type: str
  returned: on failure, where there is one
  sample: >-
    ansible-playbook research_ops.globus.login -e globus_client_id=8b0e1ee1-5a58-4ac5-8ba3-1e3ad6ee8ab2
"""

from ..module_utils._module.collection_info import run_collection_info


def main() -> None:
    run_collection_info()


if __name__ == "__main__":
    main()
