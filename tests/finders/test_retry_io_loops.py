"""Which loops already repeat a call: the same operation, until it succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.finders.conftest import Judge

HEAD = "import itertools, json, os, requests, time\nfrom pathlib import Path\n\ndef f(u, p, urls):\n"


def _indented(loop: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in loop.strip().splitlines())


RETRIES = {
    "counted, returns": """
for tentativa in range(3):
    try:
        return requests.get(u)
    except requests.RequestException:
        time.sleep(2 ** tentativa)
""",
    "counted, breaks": """
for _ in range(3):
    try:
        r = requests.get(u)
        break
    except OSError as e:
        erro = e
""",
    "counted, breaks in else": """
for _ in range(3):
    try:
        r = requests.get(u)
    except OSError:
        continue
    else:
        break
""",
    "counted, breaks after the try": """
for _ in range(3):
    try:
        r = requests.get(u)
    except OSError:
        continue
    break
""",
    "counted, raises in the last turn": """
for n in range(3):
    try:
        return requests.get(u)
    except OSError:
        if n == 2:
            raise
        time.sleep(1)
""",
    "counted, the result decides": """
for _ in range(3):
    try:
        r = requests.get(u)
        if r.status_code == 200:
            return r.json()
    except Exception:
        pass
    time.sleep(1)
""",
    "counted, the result decides after the try": """
for _ in range(3):
    try:
        r = requests.get(u)
    except OSError:
        r = None
    if r is not None:
        break
""",
    "counted, in with": """
for _ in range(3):
    try:
        with requests.get(u) as r:
            return r.text
    except OSError:
        time.sleep(1)
""",
    "growing time-outs": """
for n in range(3):
    try:
        return requests.get(u, timeout=5 * n)
    except OSError:
        pass
""",
    "over waits": """
for espera in (1, 2, 4):
    try:
        return requests.get(u)
    except OSError:
        time.sleep(espera)
""",
    "counted without end": """
for n in itertools.count():
    try:
        return requests.get(u)
    except OSError:
        time.sleep(n)
""",
    "a counter of its own": """
n = 0
while n < 3:
    try:
        return requests.get(u)
    except OSError:
        n += 1
""",
    "until it works": """
while True:
    try:
        r = requests.get(u)
        break
    except OSError:
        time.sleep(5)
""",
    "until a flag says so": """
pronto = False
while not pronto:
    try:
        r = requests.get(u)
        pronto = True
    except OSError:
        time.sleep(5)
""",
    "until the result is good": """
while True:
    try:
        r = requests.get(u)
        if r.ok:
            return r
    except OSError:
        pass
    time.sleep(5)
""",
    "a retry library's loop": """
for attempt in Retrying(stop=3):
    with attempt:
        requests.get(u)
""",
    "around an inner loop": """
for _ in range(3):
    try:
        for linha in requests.get(u).iter_lines():
            tratar(linha)
        break
    except OSError:
        time.sleep(1)
""",
    "a path put together in it": """
for _ in range(3):
    caminho = u + "/" + p
    try:
        return requests.get(caminho)
    except OSError:
        time.sleep(1)
""",
}

OTHERS = {
    "work cycle": """
while True:
    try:
        r = requests.get(u)
        tratar(r)
    except Exception:
        pass
    time.sleep(5)
""",
    "work cycle with a stop file": """
while True:
    if os.path.exists(p):
        break
    try:
        r = requests.get(u)
        tratar(r)
    except Exception:
        pass
    time.sleep(5)
""",
    "work cycle told to stop by what it reads": """
while True:
    try:
        r = requests.get(u)
        if r.text == "sair":
            break
        tratar(r)
    except OSError:
        time.sleep(5)
""",
    "over items": """
for url in urls:
    try:
        return requests.get(url)
    except OSError:
        continue
""",
    "over items by number": """
for i in range(9):
    try:
        r = requests.get(urls[i])
        break
    except OSError:
        continue
""",
    "over items by number and name": """
for i in range(9):
    url = urls[i]
    try:
        r = requests.get(url)
        break
    except OSError:
        continue
""",
    "over pages": """
for pagina in range(9):
    try:
        r = requests.get(u, params={"pagina": pagina})
        if not r.json():
            break
    except OSError:
        continue
""",
    "another item each turn": """
while True:
    try:
        url = fila.get()
        return requests.get(url)
    except OSError:
        continue
""",
    "counted, but never ended": """
for _ in range(3):
    try:
        requests.get(u)
    except OSError:
        pass
""",
    "a failure ends it": """
for _ in range(3):
    try:
        return requests.get(u)
    except OSError:
        return None
""",
    "no I/O error is caught": """
for _ in range(3):
    try:
        return requests.get(u)
    except (ValueError, json.JSONDecodeError):
        continue
""",
    "no handler at all": """
for _ in range(3):
    r = requests.get(u)
    if r.ok:
        break
""",
    "in the handler": """
for _ in range(3):
    try:
        return tratar(u)
    except OSError:
        requests.get(u)
""",
    "before the try": """
for _ in range(3):
    r = requests.get(u)
    try:
        return tratar(r)
    except OSError:
        pass
""",
    "after the loop": """
for _ in range(3):
    try:
        return tratar(u)
    except OSError:
        pass
else:
    requests.get(u)
""",
    "the loop goes on after success": """
for _ in range(3):
    try:
        r = requests.get(u)
    except OSError:
        pass
    break
""",
}


@pytest.mark.parametrize("name", RETRIES)
def test_a_loop_that_repeats_until_success_is_enough(retry: Judge, name: str) -> None:
    outcome = retry(_indented(RETRIES[name]))

    assert outcome.applied == {}
    assert any("repeats it already" in reason for reason in outcome.left.values())


@pytest.mark.parametrize("name", OTHERS)
def test_other_loops_repeat_nothing(retry: Judge, name: str) -> None:
    outcome = retry(_indented(OTHERS[name]))

    assert list(outcome.applied.values()) == ["retrying"]


def test_the_reason_names_the_loop(retry: Judge) -> None:
    outcome = retry("""
        for _ in range(3):
            try:
                f = open("x")
                break
            except OSError:
                pass
    """)

    assert outcome.left == {'open("x")': "the loop at line 1 repeats it already"}


def test_a_loop_repeats_what_it_calls(retry: Judge) -> None:
    """A function that only such a loop calls is repeated by it; a method likewise."""
    outcome = retry("""
        class Cliente:
            def baixar(self):
                return open("x")

            def insistir(self):
                for _ in range(3):
                    try:
                        return self.baixar()
                    except OSError:
                        pass
    """)

    assert outcome.left == {
        'open("x")': "baixar is only called where it is repeated: the loop at line 6 repeats it already"
    }


def test_a_function_in_a_loop_is_not_the_loop(retry: Judge) -> None:
    """A function defined in a loop runs when it is called."""
    outcome = retry("""
        for _ in range(3):
            try:
                def abrir():
                    return open("x")
                break
            except OSError:
                pass
        abrir()
    """)

    assert outcome.applied == {'open("x")': "retrying"}
