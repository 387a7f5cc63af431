# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""The errors of the collection.

Their messages are for the person who reads the failed task: what happened, to which timer, and what to do. They never
contain a token, a secret or a verifier (rule X1).
"""

from __future__ import annotations

from typing import Any


class InputError(Exception):
    """A wrong option, found before any request is sent (rules L1, L3)."""


class GlobusError(Exception):
    """A refusal or failure of a Globus service, or of the connection to it.

    :param message: one sentence a person can act on.
    :param code: the service's own error code, for example ``ConsentRequired``, or one of ours in snake case.
    :param http_status: the HTTP status, or None when there was no answer.
    :param request_id: the service's request ID, for a support ticket.
    :param remedy: the command or change that helps, if one is known.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.remedy = remedy

    def about(self, what: str) -> GlobusError:
        """The same error with ``what`` in front of its message: what was being done, and to which timer."""
        return self._with(f"{what}: {self.message}")

    def at(self, position: str, label: str) -> GlobusError:
        """The same error with the position of a timer in front, which includes its name.

        :param label: the name of the timer in messages. At the beginning of the message, the position replaces it.
        """
        if self.message.startswith(f"{label} "):
            return self._with(position + self.message[len(label) :])
        return self.about(position)

    def followed_by(self, consequence: str) -> GlobusError:
        """The same error with its consequence, and what to do, after its message."""
        return self._with(f"{self.message}. {consequence}")

    def _with(self, message: str) -> GlobusError:
        return type(self)(
            message,
            code=self.code,
            http_status=self.http_status,
            request_id=self.request_id,
            remedy=self.remedy,
        )

    def as_result(self) -> dict[str, Any]:
        """The return values of a failed task: ``msg``, ``error`` and, if there is one, ``remedy``."""
        result: dict[str, Any] = {
            "msg": self.message,
            "error": {"code": self.code, "http_status": self.http_status, "request_id": self.request_id},
        }
        if self.remedy:
            result["remedy"] = self.remedy
        return result


class UncertainError(GlobusError):
    """No readable answer came, so it is not known whether the request was processed (rule W2)."""
