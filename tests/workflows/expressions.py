"""The part of GitHub's expressions that our workflows use: literals, contexts, comparison, logic, a few functions.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions. Anything else raises, so that a workflow
is never rehearsed as something that it is not.
"""

import json
import re

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>\d+)|(?P<word>[A-Za-z_][\w.-]*)|(?P<mark>&&|\|\||==|!=|[!(),]))"
)
_WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def evaluate(text, context, functions):
    """Return the value of one expression, without its `${{ }}`."""
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not rehearsed: {text[at:]!r} in {text!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    parser = _Parser(tokens, context, functions)
    value = parser.either()
    if parser.tokens:
        raise ValueError(f"not rehearsed: {parser.tokens} in {text!r}")
    return value


def fill(text, context, functions):
    """Return a text with its expressions replaced; one that is nothing but an expression keeps its kind."""
    if not isinstance(text, str):
        return text
    whole = _WHOLE.fullmatch(text.strip())
    if whole and "${{" not in whole[1]:
        return evaluate(whole[1], context, functions)
    return _WHOLE.sub(lambda found: written(evaluate(found[1], context, functions)), text)


def written(value):
    """Return a value as GitHub writes it into a text."""
    return {None: "", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


class _Parser:
    def __init__(self, tokens, context, functions):
        self.tokens = tokens
        self.context = context
        self.functions = functions

    def take(self, *marks):
        if self.tokens and self.tokens[0][0] == "mark" and self.tokens[0][1] in marks:
            return self.tokens.pop(0)[1]
        return None

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.equal()
        while self.take("&&"):
            other = self.equal()
            value = value and other
        return value

    def equal(self):
        value = self.single()
        while mark := self.take("==", "!="):
            same = written(value).lower() == written(self.single()).lower()
            value = same if mark == "==" else not same
        return value

    def single(self):
        if self.take("!"):
            return not self.single()
        if self.take("("):
            value = self.either()
            assert self.take(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if text in {"true", "false", "null"}:
            return json.loads(text)
        return self.call(text) if self.take("(") else self.look_up(text)

    def call(self, name):
        arguments = []
        while not self.take(")"):
            arguments.append(self.either())
            self.take(",")
        return self.functions[name](*arguments)

    def look_up(self, name):
        value = self.context
        for part in name.split("."):
            if value is self.context and part not in value:
                raise ValueError(f"not rehearsed: the context {part}")
            value = value.get(part) if isinstance(value, dict) else None
        return value
