"""Make up bodies of ``try`` statements that can be run: expressions and statements over values of known types.

A template names what it needs in angle brackets: ``<int> // <int>``. Parameters of the made-up function are ``s``, ``p``
and ``k`` (texts), ``n`` and ``i`` (numbers), ``l`` (numbers in a list) and ``d`` (text -> number); the functions and classes
that are used besides stand in ``objects.txt``.
"""

from __future__ import annotations

import random
import re

EXPRESSIONS = {
    "int": """
        n; i; 0; 1; 2; len(<str>); int(<str>); h0(<str>); h5(<str>); <list>[<int>]; d[<str>]; (<int> // <int>); (<int> % <int>)
        (<int> + <int>); (<int> if <bool> else <int>); (<int> or <int>); (<int> and <int>); <list>.index(<int>); sum(<list>)
        max(<list>); min(<list>, default=0); h2(d, <str>); h3(l, <int>); d.get(<str>, <int>); <str>.count("a"); <str>.index(<str>)
        os.path.getsize(<str>); next(iter(<list>)); next(iter(<list>), 0); C(<str>).first; C(<str>).check(<int>); d.pop(<str>)
        functools.reduce(lambda a, b: a // b, <list>, 1); (lambda q: q // <int>)(<int>); list(g0(<list>))[0]; (h4(<str>) + 1)
        collections.Counter(<list>)[<int>]; collections.deque(<list>).popleft(); dict(zip(<list>, <list>))[<int>]; {**d}[<str>]
        ord(<str>[0]); int(<str>.split(",")[<int>]); round(<int> / <int>); int(re.search(r"\\d+", <str>).group()); (Op(<int>) + 1)
        (Sub(<int>) + 2); len(Op(<int>)); Op(<int>)[<int>]; Op(<int>)(<str>); sum(Op(<int>)); Op.make(<str>).n; Op.st(<str>)
        Sub(1).st2(); fin(<str>); swallow(<str>); rer(<str>); rec(<int>); (opt(<int>) + 1); clo(<int>)(); dflt(<str>); memo(<str>)
        vari(<int>, z=<int>); Cor(n).value; Cor[<str>].value; Pt(<int>).x; TAB[<str>](<str>); getattr(Op(<int>), "n")
        co().send(None); list(map(rer, <str>.split(",")))[0]; sorted(<list>, key=lambda z: 1 // z)[0]; (w := <int>); h0(*[<str>])
        h0(**{"s": <str>}); [h0, rer][<int>](<str>); functools.partial(h0, <str>)(); (<int> or sys.exit(3))
        (<int> if <str> else (sys.exit(1) or 2))
    """,
    "str": """
        s; k; p; "a"; "1"; ""; "1,2"; <str>.split(",")[<int>]; open(<str>).read(); h1(<str>); <str>[<int>]; <str>[<int>:]; chr(<int>)
        str(<int>); f"{<int>:d}"; <str>.encode("ascii").decode(); (<str> if <bool> else <str>); (<str> or <str>); <str>.strip()
        "".join(str(x) for x in <list>); <str>.replace(<str>, "b"); os.listdir(<str>)[<int>]; "{}-{}".format(<int>, <str>)
        ("%s" % <int>); <str>.partition(",")[2]; <str>.rsplit(",", 1)[1]; sorted(d)[<int>]; os.environ[<str>]; C(<str>).open().read()
        next(iter(<str>)); min(<str>); re.match(r"(\\w)", <str>)[1]; "{a}{b}".format(**d); " ".join(sorted(d)); str(Op(<int>))
        f"{Op(<int>)}"; f"{Op(<int>)!s}"; ("%s" % Op(<int>)); "{}".format(Op(<int>)); bytes.fromhex(s).hex()
        datetime.datetime.strptime(s, "%Y").isoformat()
    """,
    "list": """
        l; [1, 2]; []; [<int>, <int>]; [int(x) for x in <str>.split(",")]; [x // <int> for x in <list>]; list(g0(<list>))
        [<int> // x for x in <list> if x > <int>]; sorted(<list>); list(map(int, <str>.split(","))); list(d.values())
        (<list> + <list>); <list>[<int>:]; [h0(x) for x in <str>]; list(filter(None, <list>)); [d[q] for q in <str>]
        [a // b for a, b in zip(<list>, <list>)]; [len(line) for line in open(<str>)]; list(reversed(<list>))
    """,
    "bool": """
        True; False; <int> > <int>; <str> in d; not <bool>; (<bool> and <bool>); (<bool> or <bool>); <str>; <list>; Op(<int>)
        os.path.exists(<str>); <int> in <list>; any(x // <int> for x in <list>); <str>.isdigit(); not Op(<int>); <int> in Op(<int>)
        Op(<int>) < 2; 0 < <int> < <int>
    """,
}
STATEMENTS = """
    n = <int>; i = <int>; s = <str>; k = <str>; l = <list>; n += <int>; n //= <int>; <int>; <str>; del d[<str>]; a, b = <str>.split(",")
    l.pop(); l.remove(<int>); raise Own(<int>); raise ValueError(n); assert <bool>; d[<str>] = <int>; l[<int>] = 3; os.remove(<str> + "x")
    [<int> for q in l]; <bool> and <int>; <bool> or <int>; a, *b = <list>; json.loads(<str>)["a"]; lambda: <int>; (lambda: <int>)()
    for q in json.loads(<str>): n += 1
    dict(x.split("=") for x in <str>.split(",")); os.rename(<str>, "/nonexistent/x"); set(json.loads(<str>)); Op(<int>)[<int>] = 2
    del Op(1)[<int>]; -Op(1); a, b = Op(<int>); print(Op(<int>)); d[<str>] += <int>; l[<int>] //= <int>; raise E3(n) from None
    for q in Op(<int>): n //= q
    raise (E1(1) if <bool> else E2(2)); sys.exit(<int>) if <bool> else None; [*Op(<int>)]; return
    [make(<str>) for make in [rer, h0]]
"""
BLOCKS = (
    "if <bool>:|<block>",
    "if <bool>:|<block>|else:|<block>",
    "for n in <list>:|<block>",
    "for i in <list>:|<block>|    if <bool>:|        break|else:|<block>",
    "while <bool>:|<block>|    break",
    "with open(<str>) as f:|<block>",
    "with cm(<str>) as f:|<block>",
    "with contextlib.suppress(<kind>):|<block>",
    "with C(<str>):|<block>",
    "with Swallow():|<block>",
    "with Conv(), Swallow():|<block>",
    "match <int>:|    case 0:|    <block>|    case _ if <bool>:|    <block>",
    "def inner(n: int):|    return <int>|inner(<int>)",
    "try:|<block>|except <kind> as e:|<block>",
    "try:|<block>|except <kind> as e:|    raise Own(1) from e",
    "try:|<block>|except <kind> as e:|    raise",
    "try:|<block>|except <kind> as e:|    raise e",
    "try:|<block>|except <kind>:|    pass|else:|<block>|finally:|<block>",
    "try:|<block>|except <kind>:|    return",
    "try:|<block>|finally:|<block>",
)
KINDS = (
    *(
        "ValueError",
        "KeyError",
        "OSError",
        "(IndexError, ValueError)",
        "ZeroDivisionError",
        "LookupError",
        "Exception",
    ),
    *(
        "FileNotFoundError",
        "TypeError",
        "AttributeError",
        "UnicodeError",
        "Own",
        "E1",
        "E2",
        "E3",
        "(E1, OSError)",
    ),
)

_HOLE = re.compile(r"<(int|str|list|bool|kind)>")
_DEEPEST = 4


def _split(templates: str) -> list[str]:
    return [part.strip() for line in templates.splitlines() for part in line.split("; ") if part.strip()]


_CHOICES = {kind: _split(templates) for kind, templates in EXPRESSIONS.items()}
_STATEMENTS = _split(STATEMENTS)


def made_up_body(dice: random.Random, indent: int) -> str:
    """Make up some statements.

    Args:
        dice: decides.
        indent: of the statements, in steps of four blanks.

    Returns:
        Their text; it need not compile (a walrus in a comprehension's iterable, for one).
    """
    return "\n".join(_block(dice, indent, 0))


def _block(dice: random.Random, indent: int, depth: int) -> list[str]:
    lines: list[str] = []
    for _ in range(dice.randint(1, 3)):
        if depth < 3 and dice.random() < 0.45:
            for line in _filled(dice, dice.choice(BLOCKS)).split("|"):
                if line.strip() == "<block>":
                    lines += _block(dice, indent + 1 + (len(line) > len("<block>")), depth + 1)
                else:
                    lines.append("    " * indent + line)
        else:
            lines.append("    " * indent + _filled(dice, dice.choice(_STATEMENTS)))
    return lines


def _filled(dice: random.Random, template: str, depth: int = 0) -> str:
    def fill(hole: re.Match[str]) -> str:
        if hole[1] == "kind":
            return dice.choice(KINDS)
        choices = _CHOICES[hole[1]]
        return _filled(dice, dice.choice(choices[:2] if depth >= _DEEPEST else choices), depth + 1)

    return _HOLE.sub(fill, template)
