"""`lakewarden prove`: named questions about policies and networks, each a command of its own."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click

from lakewarden.cli.asking import Case, cases_of, given_from_files, needs_for
from lakewarden.cli.egress import command as egress
from lakewarden.cli.options import Deployment, deployment_options, json_option
from lakewarden.cli.pipeline import snapshot_of
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.clock import Clock
from lakewarden.errors import UsageError
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_DIFFERENT, EXIT_INCOMPLETE
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Request
from lakewarden.proofs.questions.answer import Answer, simulated
from lakewarden.proofs.questions.given import Argument, ArgumentError
from lakewarden.proofs.questions.question import Question
from lakewarden.proofs.questions.registry import QUESTIONS

_CODES: Final = {
    Outcome.PROVED: EXIT_CLEAN,
    Outcome.REFUTED: EXIT_DIFFERENT,
    Outcome.UNKNOWN: EXIT_INCOMPLETE,
}
_SUBJECTS: Final = {"kms": "key", "vpce": "endpoint"}
"""What a family asks about in a deployment, where that is no argument of its questions."""
EGRESS: Final = "Where packets from a workspace's network can go; asked of a deployment alone"


class _Questions(click.Group):
    """A command for each question, made of its arguments."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return `list`, `egress` and the questions."""
        return [*super().list_commands(ctx), *sorted(QUESTIONS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; a question becomes one when it is asked for."""
        question = QUESTIONS.get(cmd_name)
        return _command_of(question) if question else super().get_command(ctx, cmd_name)


@click.group(cls=_Questions)
def command() -> None:
    """Prove or refute what policies allow and where data can go.

    A question is asked of policy files, of a snapshot, or of the live deployment. A refutation
    shows a request that gets through.

    Exits with 0 when everything is proved, 3 when something is refuted, 4 when something is not
    known.
    """


@command.command("list")
@json_option
def list_(style: str) -> None:
    """Name the questions and their arguments."""
    if style == "json":
        entries = [
            {
                "name": question.name,
                "claim": question.claim,
                "paper": list(question.paper),
                "arguments": [
                    {"name": a.name, "what": a.what, "required": a.required, "policy": a.policy}
                    for a in question.arguments
                ],
            }
            for _, question in sorted(QUESTIONS.items())
        ]
        click.echo(json.dumps({"questions": entries}, indent=2))
        return
    for name, question in sorted(QUESTIONS.items()):
        click.echo(f"{name}\n  {question.claim}.")
        for argument in question.arguments:
            needed = " (required with files)" if argument.required else ""
            click.echo(f"    --{argument.name}{needed}: {argument.what}")
    click.echo(
        "egress\n  Where packets from a workspace's network can go; see `prove egress --help`."
    )


def _command_of(question: Question) -> click.Command:
    """Return the command that asks a question."""

    def run(deployment: Deployment, snapshot: Path | None, style: str, **values: Any) -> int:
        return _ask(question, deployment, snapshot, style, values)

    wrapped: Callable[..., Any] = deployment_options(run)
    params = [_option(argument) for argument in question.arguments]
    made = click.command(question.name, short_help=question.claim)(
        json_option(_snapshot_option(wrapped))
    )
    made.help = f"{question.claim}.\n\nGive policies as JSON files, or ask the deployment."
    names = {argument.name for argument in question.arguments}
    extra = _about(question)
    if extra and extra not in names:
        params.append(click.Option([f"--{extra}"], help=f"One {extra} of the deployment alone."))
    # What the question is about comes first; the options of every command come after it.
    made.params = [*params, *(p for p in made.params if p.name not in names)]
    return made


def _snapshot_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--snapshot",
        type=click.Path(path_type=Path),
        help="Ask this snapshot instead of the live deployment.",
    )(function)


def _option(argument: Argument) -> click.Option:
    if argument.policy or argument.name == "grants":
        return click.Option(
            [f"--{argument.name}"],
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=f"{argument.what}. Repeatable.",
        )
    return click.Option(
        [f"--{argument.name}"], multiple=True, help=f"{argument.what}. Several by comma."
    )


def _about(question: Question) -> str:
    return _SUBJECTS.get(question.name.partition(".")[0], "")


def _ask(
    question: Question,
    deployment: Deployment,
    snapshot: Path | None,
    style: str,
    values: dict[str, Any],
) -> int:
    words = {
        name.replace("_", "-"): _split(value)
        for name, value in values.items()
        if value and not isinstance(value[0] if isinstance(value, tuple) else value, Path)
    }
    files = {
        name.replace("_", "-"): value
        for name, value in values.items()
        if isinstance(value, tuple) and value and isinstance(value[0], Path)
    }
    try:
        if files:
            words.pop(_about(question), None)
            answers = [Case("", given_from_files(files, words))]
            return _tell(question, answers, style, alone=True)
        return _of_deployment(question, deployment, snapshot, style, words)
    except ArgumentError as error:
        step = f"See `lakewarden prove {question.name} --help`"
        raise UsageError(str(error), next_step=step) from None


def _split(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, tuple) else (value,)
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _of_deployment(
    question: Question,
    deployment: Deployment,
    snapshot: Path | None,
    style: str,
    words: dict[str, tuple[str, ...]],
) -> int:
    policy = load_policy(named_policy())
    reach = None if snapshot else reach_of(deployment, policy)
    needs = functools.partial(needs_for, question)
    with snapshot_of(snapshot, reach, policy, Clock(), needs) as found:
        cases = list(cases_of(question, Estate(found), policy, words))
        return _tell(question, cases, style, alone=False)


def _tell(question: Question, cases: Iterable[Case], style: str, *, alone: bool) -> int:
    """Answer for each case and print it; return the exit code of the worst answer."""
    answers = [(case.subject, _answered(question, case)) for case in cases]
    if not answers:
        raise UsageError(
            f"the deployment has nothing that {question.name} could be asked of",
            next_step=f"Give policy files; see `lakewarden prove {question.name} --help`",
        )
    if style == "json":
        found = [{"subject": subject, **answer.as_json()} for subject, answer in answers]
        body: Any = answers[0][1].as_json() if alone else {"answers": found}
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        for subject, answer in answers:
            _print(subject, answer)
    codes = [_CODES[answer.outcome] for _, answer in answers]
    return next((code for code in (EXIT_DIFFERENT, EXIT_INCOMPLETE) if code in codes), EXIT_CLEAN)


def _answered(question: Question, case: Case) -> Answer:
    if isinstance(case.given, UnreadError):
        return Answer(
            question.name, Outcome.UNKNOWN, question.claim, explanation=(str(case.given.gap),)
        )
    return question.ask(case.given)


def _print(subject: str, answer: Answer) -> None:
    about = f" ({subject})" if subject else ""
    click.echo(f"{answer.outcome.value.upper()}  {answer.question}{about}")
    click.echo(f"  {answer.claim}.")
    for request in answer.witness:
        click.echo("  This request refutes it:" if len(answer.witness) == 1 else "  Request:")
        click.echo(_indented(_written(request)))
    for line in answer.explanation:
        click.echo(f"  - {line}")
    for line in answer.assumptions:
        click.echo(f"  assumed: {line}")
    if answer.document is not None:
        click.echo("  A policy that would do:")
        click.echo(_indented(json.dumps(answer.document, indent=2, ensure_ascii=False)))


def _written(request: Request) -> str:
    """Return a request as JSON with a line for each condition key."""
    found = simulated(request)
    entries = ",\n    ".join(json.dumps(e, ensure_ascii=False) for e in found["ContextEntries"])
    rest = {name: value for name, value in found.items() if name != "ContextEntries"}
    lines = [f"  {json.dumps(n)}: {json.dumps(v, ensure_ascii=False)}," for n, v in rest.items()]
    return "\n".join(["{", *lines, f'  "ContextEntries": [\n    {entries}\n  ]', "}"])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


command.add_command(egress)
