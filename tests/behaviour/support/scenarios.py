"""What goes wrong around the sample workers: scenarios of one run each, and what is compared of two runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from itertools import groupby

from sandbox import IMPATIENT, NONSENSE, Difference, Fault, Observation, Scenario

ENGINE = "genesis_engine.py"
SENTINEL = "genesis-sentinel.py"
WATCHDOG = "genesis_watchdog.py"
REPORT = "genesis_relatorio.py"
ZERO = "zero_worker_engine.py"
ZERO_SENTINEL = "zero-sentinel.py"
FISCAL = "zero_fiscal.py"
METRICS = "zero_metrics.py"
WRAPPER = "aider_wrapper.py"
BRIDGE = "aider-bridge.py"
QUEUE = "aider_queue.py"
SYNC = "aider_sync.py"

USUAL = {
    run.worker: run
    for run in (
        Scenario(ENGINE),
        Scenario(SENTINEL, files={"heartbeat_genesis.txt": None, "TRIGGER": b"novo backlog\n"}),
        Scenario(WATCHDOG),
        Scenario(REPORT),
        Scenario(ZERO, arguments=("--ciclos", "2", "-v")),
        Scenario(ZERO_SENTINEL),
        Scenario(FISCAL),
        Scenario(METRICS),
        Scenario(WRAPPER, environment={"AIDER_MAX_POLLS": "2"}),
        Scenario(BRIDGE),
        Scenario(QUEUE, arguments=("--watch", "2")),
        Scenario(SYNC),
    )
}
"""One ordinary run of each worker: it finds work to do, and ends."""

WITHOUT_COMMANDS = (METRICS, REPORT, SYNC, BRIDGE)
"""Workers that start nothing: the commands of the sandbox are scripts of the shell, which Windows has not."""

CALLS_ON_ENTRIES = ("listdir", "scandir", "remove", "unlink", "rename", "replace", "mkdir")
HELD = tuple(Fault(call, error="EBUSY") for call in CALLS_ON_ENTRIES)

EVERYWHERE = (
    *USUAL.values(),
    *(replace(run, name="both streams in one pipe", one_pipe=True) for run in USUAL.values()),
    *(replace(run, name="ascii terminal", terminal="ascii") for run in USUAL.values()),
    *(replace(run, name="cp1252 terminal", terminal="cp1252") for run in USUAL.values()),
    *(replace(run, name="a file named logs", files={**run.files, "logs": b"x"}) for run in USUAL.values()),
    *(replace(run, name="no file may grow", file_limit=0) for run in USUAL.values()),
    *(
        replace(run, name="full disk", faults=(Fault("open", error="full", mode="w"),))
        for run in USUAL.values()
    ),
    *(
        replace(run, name="unreadable", faults=(Fault("open", error="EACCES", mode="r"),))
        for run in USUAL.values()
    ),
    *(replace(run, name="locked", faults=(Fault("open", error="EBUSY"),)) for run in USUAL.values()),
    *(
        replace(run, name="vanishing", faults=(Fault("open", error="vanish", mode="r"),))
        for run in USUAL.values()
    ),
    *(replace(run, name="folders held", faults=HELD) for run in USUAL.values()),
    *(
        replace(run, name="Ctrl-C while it sleeps", faults=(Fault("sleep", error="SIGINT", depth=0),))
        for run in USUAL.values()
        if run.worker not in {FISCAL, REPORT, SYNC}  # these never call time.sleep
    ),
)


def variants(worker: str, *runs: Scenario) -> tuple[Scenario, ...]:
    """Put what is special about some runs into the usual run of one worker."""
    usual = USUAL[worker]
    return tuple(
        replace(
            run,
            worker=worker,
            arguments=run.arguments or usual.arguments,
            environment={**usual.environment, **run.environment},
            files={**usual.files, **run.files},
        )
        for run in runs
    )


run = partial(Scenario, "")

AGENTS = (
    run("commands refuse", commands="refuse"),
    run("commands fail", commands="fail"),
    run("commands babble", commands="babble"),
    run("commands missing", commands="missing"),
    run("commands not executable", commands="not executable"),
)

SHORT = {
    "AIDER_SYNC_TIMEOUT": IMPATIENT,
    "BRIDGE_MAX": "1",
    "BRIDGE_TIMEOUT": IMPATIENT,
    "ZERO_HTTP_TIMEOUT": IMPATIENT,
    "ZERO_METRICS_ROUNDS": "1",
    "ZERO_PANEL_TIMEOUT": IMPATIENT,
}

SERVERS = (
    run("server down", server="down"),
    run("server refuses", server="refuses"),
    run("server has had too many", server="too many", allowed=Difference.READS_AGAIN),
    run("server broken", server="broken", allowed=Difference.READS_AGAIN),
    run("server hangs up", server="hangs up", allowed=Difference.READS_AGAIN),
    run("server slow", server="slow", environment=SHORT, allowed=Difference.READS_AGAIN),
    *(run(f"server answers {answer}", server=answer) for answer in NONSENSE),
)

ON_WINDOWS = tuple(
    run
    for run in EVERYWHERE
    if run.worker in WITHOUT_COMMANDS
    if run.file_limit is None and all(fault.error != "full" for fault in run.faults)
)

UNSEEN_STOP = run(
    "stop file cannot be looked at", faults=(Fault("stat", "*/STOP", "EACCES", skip=1, times=1),)
)
"""From Python 3.14 on ``Path.exists`` says of what may not be looked at that it is not there."""

ONE_BY_ONE = (
    *variants(
        ENGINE,
        *AGENTS,
        run("commands hang", commands="hang", environment={"GENESIS_AGENT_TIMEOUT": "0.2"}),
        run("without optional packages", stubs=False),
        run("once", arguments=("--once",)),
        run("stop file", files={"STOP": b""}),
        run("backlog missing", faults=(Fault("listdir", "*/backlog", "ENOENT"),)),
        run(
            "story in Latin-1", files={"backlog/01-login.md": "# Sessão\n\nStatus: TODO\n".encode("latin-1")}
        ),
        run(
            "story with a byte order mark",
            files={"backlog/01-login.md": b"\xef\xbb\xbf# T\n\nStatus: TODO\n"},
        ),
        run("story empty", files={"backlog/01-login.md": b""}),
        run("story vanishes", faults=(Fault("open", "*/backlog/01-*", "vanish", skip=1),)),
        run(
            "story cannot be moved", faults=(Fault("rename", error="EACCES"), Fault("unlink", error="EACCES"))
        ),
        run("state broken", files={"state/engine_state.json": b"{"}),
        run("state a list", files={"state/engine_state.json": b"[]"}),
        run("state undecodable", files={"state/engine_state.json": b"\xff\xfe\xfa"}),
        run("state cannot be replaced", faults=(Fault("replace", error="EACCES"),)),
        run("state folder is a file", files={"state": b"x"}),
        run("config missing", files={"config.json": None}),
        run("config broken", files={"config.json": b"{'max': 1}"}),
        run("config undecodable", files={"config.json": b'{"a": "\xe7"}'}),
        run("config a list", files={"config.json": b"[1]"}),
        run("config with wrong types", files={"config.json": b'{"limite_por_ciclo": "5", "instrucoes": 7}'}),
        run("lock of a dead process", files={"genesis_engine.lock": b"4194000"}),
        run("lock with rubbish", files={"genesis_engine.lock": b"eu"}),
        run("lock undecodable", files={"genesis_engine.lock": b"\xff"}),
        run("lock is a folder", files={"genesis_engine.lock": ()}),
        *([UNSEEN_STOP] if sys.version_info < (3, 14) else []),
        run("Ctrl-C in a cycle", faults=(Fault("listdir", "*/backlog", "SIGINT", skip=1),)),
    ),
    *variants(
        SENTINEL,
        run("heartbeat fresh", files={"TRIGGER": None, "heartbeat_genesis.txt": b"x"}),
        run("no heartbeat", files={"TRIGGER": None}),
        run("engine fails", files={"config.json": b"[]"}, commands="missing"),
        run("engine missing", environment={"GENESIS_ENGINE": "nenhum.py"}),
        run("trigger undecodable", files={"TRIGGER": b"\xff\xff"}),
        run("trigger cannot be removed", faults=(Fault("remove", "*/TRIGGER", "EACCES"),)),
        run("status a number", files={"sentinel_status.json": b"1"}),
        run("status without a key", files={"sentinel_status.json": b"{}"}),
        run("status broken", files={"sentinel_status.json": b"nada"}),
        run("locked out", files={"sentinel.lock": b"1"}),
        run("stop file", files={"STOP_SENTINEL": b""}),
        run("Ctrl-C at the trigger", faults=(Fault("open", "*/TRIGGER", "SIGINT"),)),
    ),
    *variants(
        WATCHDOG,
        run("without optional packages", stubs=False),
        run("targets missing", files={"watchdog.json": None}),
        run("targets broken", files={"watchdog.json": b"[{]"}),
        run("targets a number", files={"watchdog.json": b"5"}),
        run("targets without a key", files={"watchdog.json": b'[{"nome": "x"}]'}),
        run("targets without a file", files={"watchdog.json": b'[{"nome": "x", "max": 5}]'}),
        run("targets with wrong types", files={"watchdog.json": b'[{"nome": "x", "arquivo": 1, "max": 9}]'}),
        run("heartbeat undecodable", files={"heartbeat_genesis.txt": b"\xff\xff"}),
        run("alerts cannot be written", faults=(Fault("open", "*/alertas.jsonl", "EACCES"),)),
        run("stop file", files={"STOP": b""}, environment={"WATCHDOG_ROUNDS": "0"}),
    ),
    *variants(
        REPORT,
        run("costs missing", files={"custos.csv": None}),
        run("costs in words", files={"custos.csv": b"story;custo\n01-login;caro\n"}),
        run("costs without a column", files={"custos.csv": b"story;preco\n01-login;1\n"}),
        run("costs with a short row", files={"custos.csv": b"story;custo\n01-login\n"}),
        run("costs undecodable", files={"custos.csv": b"story;custo\n\xe7;1\n"}),
        run("report cannot be written", faults=(Fault("open", "*/relatorio.md", "EROFS"),)),
        run("another folder", arguments=("nenhuma",)),
    ),
    *variants(
        ZERO,
        *AGENTS,
        *SERVERS,
        run("commands hang", commands="hang", environment={"ZERO_TASK_TIMEOUT": "0.2"}),
        run("server not an address", environment={"ZERO_API": "servidor:porta"}),
        run("usage", arguments=("--ciclos", "dois")),
        run("state broken", files={"zero_estado.json": b"{"}),
        run("state a list", files={"zero_estado.json": b"[3]"}),
        run("state with wrong types", files={"zero_estado.json": b'{"feitas": "4", "vistos": 1}'}),
        run(
            "state cannot be replaced",
            faults=(Fault("replace", error="EACCES"), Fault("rename", error="EACCES")),
        ),
        run("task broken", files={"inbox/t1.json": b'{"id"'}),
        run("task undecodable", files={"inbox/t1.json": b'{"titulo": "\xe7"}'}),
        run("task a list", files={"inbox/t1.json": b"[1]"}),
        run("task with an odd date", files={"inbox/t2.json": b'{"prazo": "ontem", "comando": ["x"]}'}),
        run(
            "task with a date too far", files={"inbox/t2.json": b'{"prazo": "9999-12-31", "comando": ["x"]}'}
        ),
        run("task with a number for a date", files={"inbox/t2.json": b'{"prazo": 5, "comando": ["x"]}'}),
        run("task with a NUL", files={"inbox/t1.json": b'{"comando": ["a\\u0000b"]}'}),
        run("task vanishes", faults=(Fault("open", "*/inbox/t1.json", "vanish"),)),
        run("no quarantine", files={"inbox/t1.json": b"{", "quarentena": b"x"}),
        run("outbox is a file", files={"outbox": b"x"}),
        run("stop file", files={"STOP": b""}),
        run("Ctrl-C in a task", faults=(Fault("open", "*/inbox/t1.json", "SIGINT"),)),
    ),
    *variants(
        ZERO_SENTINEL,
        *AGENTS[:2],
        run("no console", console=False, environment={"ZERO_SENTINEL_MAX": "1"}),
        run("worker missing", environment={"ZERO_WORKER": "nenhum.py"}),
        run(
            "worker hangs",
            files={"lento.py": b"import os, select\nselect.select([], [], [], 30)\n"},
            environment={"ZERO_WORKER": "lento.py", "ZERO_WORKER_TIMEOUT": "0.4"},
        ),
        run(
            "worker babbles",
            files={"lixo.py": b"import os\nos.write(1, b'\\xff\\xfe')\n"},
            environment={"ZERO_WORKER": "lixo.py"},
        ),
        run("three failures", environment={"ZERO_WORKER": "nenhum.py", "ZERO_SENTINEL_MAX": "9"}),
        run("limit in words", environment={"ZERO_WORKER_TIMEOUT": "muito"}),
        run("task with an odd priority", files={"inbox/t1.json": b'{"prioridade": "urgente"}'}),
        run("task a number", files={"inbox/t1.json": b"1"}),
        run("task undecodable", files={"inbox/t1.json": b'"\xff"'}),
        run("lock alive", files={"zero.lock": b"1;1772445000.0"}),
        run("lock gone at the end", faults=(Fault("remove", "*/zero.lock", "ENOENT"),)),
        run("stop file", files={"STOP_SENTINEL": b""}),
    ),
    *variants(
        FISCAL,
        *AGENTS,
        run("commands hang", commands="hang", environment={"ZERO_FISCAL_TIMEOUT": "0.25"}),
        run("server down", server="down"),
        run("server slow", server="slow", environment={"ZERO_FISCAL_TIMEOUT": IMPATIENT}),
        run("server broken", server="broken"),
        run("server hangs up", server="hangs up"),
        run("server not an address", environment={"ZERO_API": "servidor"}),
        run("result a list", files={"fiscal.json": b"[1]"}),
        run("result with wrong types", files={"fiscal.json": b'{"rondas": "9"}'}),
        run("result undecodable", files={"fiscal.json": b"\xff"}),
        run("result in another round", files={"fiscal.json": b'{"rondas": 6}'}),
        run("result cannot be written", faults=(Fault("open", "*/fiscal.json", "EACCES", mode="w"),)),
        run("Ctrl-C in a round", faults=(Fault("open", "*/fiscal.json", "SIGINT", mode="w"),)),
    ),
    *variants(
        METRICS,
        *SERVERS,
        run("no panel", environment={"ZERO_PANEL_URL": ""}),
        run("panel not an address", environment={"ZERO_PANEL_URL": "painel"}),
        run("panel limit in words", environment={"ZERO_PANEL_TIMEOUT": "pouco"}),
        run("socket refuses", environment={"ZERO_PANEL_SOCKET": "127.0.0.1:9"}),
        run("socket without a port", environment={"ZERO_PANEL_SOCKET": "127.0.0.1"}),
        run("state missing", files={"zero_estado.json": None}),
        run("state with wrong types", files={"zero_estado.json": b'{"feitas": null, "erros": []}'}),
        run("state a list", files={"zero_estado.json": b"[]"}),
        run("state with a fraction", files={"zero_estado.json": b'{"feitas": 7.5, "erros": 1}'}),
        run("result broken", files={"outbox/t0.json": b"{"}),
        run("result a number", files={"outbox/t0.json": b"3"}),
        run("result with a number", files={"outbox/t0.json": b'{"saida": 3}'}),
        run("result undecodable", files={"outbox/t0.json": b'"\xff"'}),
        run("database rubbish", files={"metricas.db": b"isto nao e um banco de dados" * 40}),
        run("database is a folder", files={"metricas.db": ()}),
        run("table with other columns", environment={"ZERO_DB": ":memory:"}),
    ),
    *variants(
        WRAPPER,
        *AGENTS,
        run("commands hang", commands="hang", environment={"AIDER_TIMEOUT": "0.2"}),
        run("order empty", files={"pedidos/1_7.pedido": b""}),
        run("order blank", files={"pedidos/1_7.pedido": b"  \n@x\n"}),
        run("order undecodable", files={"pedidos/1_7.pedido": b"\xff\n"}),
        run("order with a NUL", files={"pedidos/1_7.pedido": b"a\x00b\n"}),
        run("order taken by another", faults=(Fault("rename", "*/1_7.pedido", "ENOENT"),)),
        run("no orders", faults=(Fault("listdir", "*/pedidos", "ENOENT"),)),
        run("answers cannot be written", faults=(Fault("open", "*/respostas/*", "EACCES"),)),
        run("stop file", files={"PARE": b""}),
    ),
    *variants(
        BRIDGE,
        *SERVERS,
        run("server down for long", server="down", environment={"BRIDGE_MAX": "0"}),
        run("config missing", files={"bridge.json": None}),
        run("config broken", files={"bridge.json": b"{"}),
        run("config a list", files={"bridge.json": b"[]"}, environment={"BRIDGE_API": ""}),
        run("config without chats", files={"bridge.json": b'{"api": "x"}'}),
        run("config with odd chats", files={"bridge.json": b'{"chats": ["um"]}'}),
        run(
            "config with a number",
            files={"bridge.json": b'{"api": 5, "chats": []}'},
            environment={"BRIDGE_API": ""},
        ),
        run("offset missing", files={"bridge_offset.txt": None}),
        run("offset in words", files={"bridge_offset.txt": b"quarenta"}),
        run("offset undecodable", files={"bridge_offset.txt": b"\xff"}),
        run("offset cannot be written", faults=(Fault("open", "*/bridge_offset.txt", "EACCES", mode="w"),)),
        run("orders is a file", files={"pedidos": b""}),
        run("answer undecodable", files={"respostas/1_5.txt": b"\xff"}),
        run("answer cannot be marked", faults=(Fault("rename", "*/respostas/*", "EACCES"),)),
        run("stop file cannot be written", faults=(Fault("open", "*/PARE", "ENOSPC"),)),
        run("Ctrl-C in a round", faults=(Fault("open", "*/PARE", "SIGINT"),)),
    ),
    *variants(
        QUEUE,
        *AGENTS,
        run("commands hang", commands="hang", environment={"AIDER_JOB_TIMEOUT": "0.2"}),
        run("usage", arguments=("--watch", "duas")),
        run("usage without a number", arguments=("--watch",)),
        run("job broken", files={"jobs/a-formatar.json": b"{"}),
        run("job a list", files={"jobs/a-formatar.json": b"[]"}),
        run("job null", files={"jobs/a-formatar.json": b"null"}),
        run("job undecodable", files={"jobs/a-formatar.json": b'"\xff"'}),
        run("job with a word for a priority", files={"jobs/a-formatar.json": b'{"prioridade": "alta"}'}),
        run(
            "job with a number for files",
            files={"jobs/a-formatar.json": b'{"prioridade": 1, "cmd": ["aider-run"], "arquivos": 3}'},
        ),
        run(
            "job with a number for a command", files={"jobs/a-formatar.json": b'{"prioridade": 1, "cmd": 3}'}
        ),
        run(
            "job with a NUL",
            files={"jobs/a-formatar.json": b'{"prioridade": 1, "cmd": ["aider-run", "\\u0000"]}'},
        ),
        run("job locked", faults=(Fault("open", "*/jobs/a-*", "EBUSY"),)),
        run("history cannot be written", faults=(Fault("open", "*/fila_historico.log", "EACCES"),)),
        run(
            "jobs cannot be moved", faults=(Fault("rename", error="EACCES"), Fault("unlink", error="EACCES"))
        ),
        run("Ctrl-C in a job", faults=(Fault("open", "*/regras.md", "SIGINT"),)),
    ),
    *variants(
        SYNC,
        *SERVERS,
        run("no server", environment={"AIDER_SYNC_URL": ""}),
        run("server not an address", environment={"AIDER_SYNC_URL": "servidor"}),
        run("settings missing", files={"sync.ini": None}),
        run("settings broken", files={"sync.ini": b"arquivos\n"}),
        run("settings without a section", files={"sync.ini": b"[outra]\nx = 1\n"}),
        run("settings in words", files={"sync.ini": b"[sync]\narquivos = regras.md\nmanter = dois\n"}),
        run("settings undecodable", files={"sync.ini": b"[sync]\narquivos = \xe7\n"}),
        run("settings with a stray percent sign", files={"sync.ini": b"[sync]\narquivos = %(x)s\n"}),
        run("prompts broken", files={"prompts.zip": b"PK nada"}),
        run("prompts missing", files={"prompts.zip": None}),
        run("prompts is a file", files={"prompts": b"x"}),
        run("cache is a file", files={".sync_cache": b"x"}),
        run("target cannot be replaced", faults=(Fault("replace", error="EACCES"),)),
    ),
)

UNFELT = (
    *variants(ENGINE, *([UNSEEN_STOP] if sys.version_info >= (3, 14) else [])),
    *variants(
        ZERO_SENTINEL,
        run("lock old", files={"zero.lock": b"1;1.0"}),
        run("lock with rubbish", files={"zero.lock": b"eu"}),
        run("lock undecodable", files={"zero.lock": b"\xff;1"}),
        run("lock without a time", files={"zero.lock": b"1;"}),
    ),
)
"""Scenarios of which the original shows nothing: it takes such a lock for none."""


def longest_repeat(seen: Observation) -> int:
    """Count how often the same reading request came in a row at most."""
    return max(
        (len(list(group)) for key, group in groupby(seen.requests) if key.startswith("GET ")), default=0
    )


def once_each(requests: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out reading requests that repeat the one before, unless ``wanted`` has them in that place too."""
    kept: list[str] = []
    for request in requests:
        place = len(kept)
        again = bool(kept) and request == kept[-1] and request.startswith("GET ")
        if again and not (place < len(wanted) and wanted[place] == request):
            continue
        kept.append(request)
    return tuple(kept)
