"""The log of a migrated worker holds each printed line once, at its level, in the format.

The expected levels are written here by hand, from the texts and the places of the prints in the workers; the
table of markers that the tool uses is not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox import Fault, Observation, Scenario, World

RECORD = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| (?P<level>[A-Z]+) \| (?P<name>[\w.-]+) \| (?P<message>.*)"
)

BACKLOG_TROUBLE = {
    "backlog/01-login.md": "# Sessão\n\nStatus: TODO\n".encode("latin-1"),
    "genesis_engine.lock": b"4194000",
    "config.json": b"{",
}
TASK_TROUBLE = {"inbox/t1.json": b"{", "zero_estado.json": b"{"}
JOB_TROUBLE = {"jobs/a-formatar.json": b"{"}

CASES: tuple[tuple[str, Scenario, dict[str, str]], ...] = (
    (
        "genesis",
        Scenario("genesis_engine.py"),
        {
            "  GENESIS ENGINE": "INFO",
            "  Agente: genesis-agent": "INFO",
            "[2026-03-02 10:00:00] Ciclo 1: 2 pendente(s), 0 erros ate aqui": "INFO",
            "   ⚠️ 04-sem-estado.md sem Status, ignorando": "WARNING",
            "▶️  Tela de login [alta] (1/2)": "INFO",
            "   ✅ 01-login.md concluida": "INFO",
            "Total: 2 concluidas, 0 com falha": "INFO",
        },
    ),
    (
        "genesis",
        Scenario(
            "genesis_engine.py",
            commands="fail",
            files=BACKLOG_TROUBLE,
            faults=(Fault("sleep", error="SIGINT"),),
        ),
        {
            "[AVISO] Lock velho, removendo": "WARNING",
            "❌ config.json inválido: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)": "ERROR",
            "Erro em 01-login.md: 'utf-8' codec can't decode byte 0xe3 in position 6: invalid continuation byte": "ERROR",
            "   [FAIL] agente saiu com codigo 7": "ERROR",
            "Erro: sem cota": "WARNING",
            "Encerrando por Ctrl-C...": "INFO",
        },
    ),
    (
        "genesis",
        Scenario("genesis-sentinel.py", files={"TRIGGER": b"novo"}),
        {
            "Sentinela Genesis ativa. Critical check: 10s": "INFO",
            "[10:00:00] [INFO] Iniciando engine (novo)": "INFO",
            "   |    ✅ 01-login.md concluida": "INFO",
            "[10:00:00] [OK] Engine fez progresso 🚀": "INFO",
            "[10:00:10] [INFO] heartbeat ok (10s)": "INFO",
        },
    ),
    (
        "genesis",
        Scenario("genesis-sentinel.py", files={"TRIGGER": b"\xff"}),
        {
            "[10:00:00] [ERR] Erro lendo trigger: UnicodeDecodeError": "ERROR",
            "[10:00:00] [INFO] heartbeat ok (70s)": "INFO",
        },
    ),
    (
        "genesis",
        Scenario("genesis_watchdog.py"),
        {
            "   ok engine 8% | 2026-03-02 09:59:00 ciclo=7": "INFO",
            "   ⚠️ zero: 117% do prazo - vivo": "WARNING",
            "   🚨 ausente: sem sinal (FileNotFoundError)": "ERROR",
            "[rodada 1] 3/3 alvos, 1 processos": "INFO",
            "[AVISO] 4 alerta(s)": "WARNING",
        },
    ),
    (
        "genesis",
        Scenario("genesis_relatorio.py", files={"custos.csv": None}),
        {
            "Gerando relatorio...": "INFO",
            "Falha lendo custos.csv: FileNotFoundError": "ERROR",
            "  custo medio: 0.00": "INFO",
            "  - SEM STATUS 1": "INFO",
            "100% pronto": "INFO",
        },
    ),
    (
        "zero",
        Scenario("zero_worker_engine.py", arguments=("--once",), files=TASK_TROUBLE, server="nonsense"),
        {
            "ZERO worker iniciado": "INFO",
            "[ERR] estado ilegivel, renomeando: JSONDecodeError": "ERROR",
            "[API-ERR] JSONDecodeError em /tarefas": "ERROR",
            "[!] t1.json foi para a quarentena": "ERROR",
            ">> t2: Prazo já passou": "INFO",
            "   [FAIL] prazo vencido em 2026-01-31": "ERROR",
            "ciclo 1: 2 tarefa(s)": "INFO",
            "feitas=0 erros=2": "INFO",
        },
    ),
    (
        "zero",
        Scenario("zero-sentinel.py", environment={"ZERO_WORKER": "nenhum.py", "ZERO_SENTINEL_MAX": "5"}),
        {
            "[10:00] inbox alta=1 normal=2 outbox=70 bytes": "INFO",
            "[10:00] temporarios removidos": "INFO",
            "[ZS-ERR] worker saiu com 2": "ERROR",
            "[ZS-ERR] 3 falhas seguidas": "ERROR",
            "[FATAL] desistindo": "CRITICAL",
        },
    ),
    (
        "zero",
        Scenario(
            "zero_metrics.py", server="broken", files={"zero_estado.json": b'{"feitas": 1, "erros": 3}'}
        ),
        {
            "metricas em disco True": "INFO",
            "[WARN] painel respondeu 500": "WARNING",
            "  feitas              1": "INFO",
            "[WARN] taxa de erro 75%": "WARNING",
            "5 series em metricas.csv": "INFO",
        },
    ),
    (
        "aider",
        Scenario("aider_wrapper.py", files={"pedidos/1_7.pedido": b"\n"}),
        {
            "🤖 Wrapper em {box}": "INFO",
            "❌ Pedido ruim 1_7.pedido.rodando: ValueError: mensagem vazia": "ERROR",
            "  > Alterado: frete.py": "INFO",
            "✅ 2_8.pedido pronto (5 linhas)": "INFO",
            "1 pedido(s) atendido(s).": "INFO",
        },
    ),
    (
        "aider",
        Scenario("aider-bridge.py", environment={"BRIDGE_MAX": "1"}),
        {
            "[02/03 10:00:00] Ponte no ar, 2 chat(s), offset 40": "INFO",
            "[02/03 10:00:00] [AVISO] chat desconhecido 99": "WARNING",
            "[02/03 10:00:00] mensagem sem texto, ignorada": "ERROR",
            "[02/03 10:00:00] Resposta abc.txt ilegivel: ValueError": "ERROR",
            "[02/03 10:00:00] fim (limite de voltas)": "INFO",
        },
    ),
    (
        "aider",
        Scenario("aider-bridge.py", server="down", environment={"BRIDGE_MAX": "0"}),
        {
            "[02/03 10:00:00] Timeout ou rede fora, tentando de novo": "WARNING",
            "🚨 5 erros seguidos, saindo": "ERROR",
        },
    ),
    (
        "aider",
        Scenario("aider_queue.py", files=JOB_TROUBLE),
        {
            "Fila em {box}": "INFO",
            "-> a-formatar": "INFO",
            "   [ERRO] job invalido: JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)": "ERROR",
            "   [ERRO] c-sem-comando: KeyError": "ERROR",
            "feitos: 0": "INFO",
            "falhos: 3": "INFO",
        },
    ),
    (
        "aider",
        Scenario("aider_sync.py", server="too many"),
        {
            "Sincronizando {box}": "INFO",
            "AVISO: regras.md nao baixou": "WARNING",
            "   prompts: sistema.txt": "INFO",
            "0 novo(s), 10:00": "INFO",
        },
    ),
)

UNMIRRORED = {"   regras.md: HTTPError", "   modelo.md.gz: HTTPError"}
"""Lines of ``emit``, which is ``print`` used as a value, and stays."""


STAMP = re.compile(r"\d\d:\d\d:\d\d ")
"""What the ``safe_print`` of zero_worker_engine puts before the text that it is given."""


def printed(seen: Observation) -> Counter[str]:
    """Count the lines on both streams; a line that was drawn over is progress and counts as none."""
    lines = (seen.stdout + seen.stderr).decode().split("\n")
    said = (STAMP.sub("", line, count=1) if STAMP.match(line) else line for line in lines)
    return Counter(
        line.strip() for line in said if line.strip() and "\r" not in line and line not in UNMIRRORED
    )


def records(log: str) -> list[tuple[str, str, str]]:
    """Split a log into level, name and message, further lines of a record left out."""
    found = []
    for line in log.splitlines():
        match = RECORD.fullmatch(line)
        if match:
            found.append((match["level"], match["name"], match["message"]))
        else:
            assert line.startswith((" ", "\t")), f"no record and no further line of one: {line!r}"
    return found


CASE_IDS = [
    f"{scenario.worker.removesuffix('.py')}-{number}" for number, (_, scenario, _) in enumerate(CASES)
]


@pytest.mark.parametrize(("worker", "scenario", "levels"), CASES, ids=CASE_IDS)
def test_the_log_holds_each_printed_line_once_at_its_level(
    world: World, migrated: Path, worker: str, scenario: Scenario, levels: dict[str, str]
) -> None:
    seen = world.run(replace(scenario, name="logged"), migrated)
    on_log = records(seen.logs[f"{worker}.log"])
    messages = Counter(message.strip() for _, _, message in on_log)

    assert {name for _, name, _ in on_log} == {worker}
    for line, count in printed(seen).items():
        assert (line, messages[line]) == (line, count)
    for text, level in levels.items():
        wanted = text.format(box=world.box).strip()
        assert {each for each, _, message in on_log if message.strip() == wanted} == {level}, wanted


def test_the_retries_and_swallowed_errors_are_on_the_log_too(world: World, migrated: Path) -> None:
    scenario = Scenario(
        "genesis_engine.py",
        faults=(Fault("open", "*/config.json", times=1), Fault("remove", "*/genesis_engine.lock", "EACCES")),
    )
    warnings = [
        message
        for level, _, message in records(world.run(scenario, migrated).logs["genesis.log"])
        if level == "WARNING"
    ]

    assert any("open" in message and "config.json" in message for message in warnings)
    assert any("soltar_lock: ignored PermissionError: [Errno 13]" in message for message in warnings)


def test_a_crash_is_one_critical_record_with_its_traceback(world: World, migrated: Path) -> None:
    """Nothing in the worker catches what its wait between two rounds raises."""
    scenario = Scenario(
        "zero_metrics.py",
        environment={"ZERO_METRICS_ROUNDS": "2"},
        faults=(Fault("sleep", error="RuntimeError"),),
    )
    seen = world.run(scenario, migrated)
    critical = [message for level, _, message in records(seen.logs["zero.log"]) if level == "CRITICAL"]

    assert seen.code == 1
    assert len(critical) == 1
    assert seen.logs["zero.log"].count("Traceback (most recent call last):") == 1
