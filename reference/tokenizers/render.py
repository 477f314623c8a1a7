"""Conversations as transformers' `apply_chat_template` writes them, for `npm run parity:templates`.

stdin: {"templates": [...], "bos": ..., "eos": ..., "today": "2024-07-26", "conversations": [[{"role", "content"}, ...],
...]}; stdout: for each template and each conversation [without, with a generation prompt], null where the template
refuses the conversation.
"""

import datetime
import json
import sys

from jinja2.exceptions import TemplateError
from transformers.utils import chat_template_utils

request = json.load(sys.stdin)


class Today(datetime.datetime):
    """A template that asks for the day gets this one."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(request["today"])


chat_template_utils.datetime = Today


def render(template: str, conversation: list[dict[str, str]], add_generation_prompt: bool) -> str | None:
    try:
        [[text], _] = chat_template_utils.render_jinja_template(
            conversations=[conversation],
            chat_template=template,
            add_generation_prompt=add_generation_prompt,
            bos_token=request["bos"],
            eos_token=request["eos"],
        )
        return text
    except (TemplateError, TypeError, ValueError):  # what raise_exception and content of the wrong kind end in
        return None


json.dump(
    [
        [[render(template, one, False), render(template, one, True)] for one in request["conversations"]]
        for template in request["templates"]
    ],
    sys.stdout,
)
