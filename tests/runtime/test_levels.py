"""One table of markers decides the level, before the run and at run time."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import worker_logger

from workerlog_migrate.analysis import level
from workerlog_migrate.analysis.level import level_of_static, level_of_text
from workerlog_migrate.model import Level

CRITICAL = [
    "[CRITICAL] parado", "[FATAL] parado", "[GEN-CRITICAL] parado", "[CRÍTICO] disco", "CRITICO: disco cheio",
    "CRÍTICO disco cheio", "Critical: disk", "FATAL: disk", "Fatal error in cycle", "CRITICAL!",
]  # fmt: skip
ERROR = [
    "[ERRO] x", "[ERR] x", "[ERROR]", "[ ERRO ] x", "[err] x", "[WA-ERR] x", "[CLAUDE-ERR] x", "[WA_ERR] x", "[FAIL] x",
    "[!] x", "Erro ao abrir", "erro", "Erro: 0 bytes lidos", "Erro: nenhum arquivo encontrado", "Erros: 3",
    "Errors: 0.5%", "Falha na leitura", "Falhas: 10", "Falhou", "Error: no such file", "Failed to open", "Erro...",
    "ERROR:root:x", "ERRO CRITICO: z", "\n\n  [ERRO] x", "❌ x", "✖️ x", "🚨 x", "❌ Erros: 2",
    "[Errno 2] No such file or directory: 'x'", "[WinError 32] x", "Erro no envio (error.log)", "Erro: \0", "Erro\0",
]  # fmt: skip
WARNING = [
    "[WARN] x", "[WARNING] x", "[AVISO] x", "[WA-AVISO] x", "[TIMEOUT] x", "Aviso: x", "AVISO", "Warning: x",
    "Timeout ao conectar", "Timeout: sem resposta", "Timeout: \0s", "Timeout after 30s", "⚠ x", "⚠️ Erro x",
]  # fmt: skip
INFO = [
    "[+] x", "[=] x", "[i] x", "[INFO] Erro x", "[OK] fim", "✅ Erro", "0 erros", "Sem erros", "Nenhum erro",
    "No errors", "zero falhas", "Erros: 0", "Erros 0", "Erros: 0 de 12", "Erro(s): 0", "Erros: nenhum",
    "Errors found: 0", "Error: none", "Falhas: 0/12", "❌ Falhas: 0", "❌ 0 erros", "Error rate: 0%", "Timeout: 30s",
    "Timeout=30",
]  # fmt: skip
NONE = [
    "", "  ", "Critical check: 30s", "Critical section", "0 itens", "[PRE] x", "[terror] x", "[ERRO", "[X] x",
    "[NON-FATAL] x", "[NO-ERR] x", "terror", "ERRATA", "Errou", "Timeoutx", "C:/logs/error/x", "error.log criado",
    "error\\x.log", "erro/2024", "error_count", "Error-free", "Fail-safe ligado", "Error rate: 2%",
    "Erros corrigidos: 5", "Aviso enviado ao canal", "Timeout padrão: 30s", "Erros: \0", "Warnings: \0",
    "lido sem Erro", "Timeout configured: 30", "level: WARNING", "Status: error", "- Errors: 0", "Last error: \0",
    "if unable to connect", "never died", "0 crashed", "Not successful", "unsuccessful", "[db] Critical check: 30s",
    "没有错误", "0 错误", "错误率: 2%", "未成功", "----- \0 -----", "\0", "[12:00:00] [ERRO] x", "\0Erro",
]  # fmt: skip
# What leads to a marker, and what is said in a sentence instead of one.
ERROR += [
    "[GEN] Erro x", "[cache] ERROR: x", "- Error: x", "** ERRO **", ">> ERROR", "--> Falha ao ler", "sync: FAIL x", "cp: error: y",
    "worker crashed", "Worker \0 crashed again", "child died", "giving up", "unable to connect", "Could not open \0", "\U0001f50c lost connection",
    "out of memory", "não foi possível abrir", "Conexão recusada", "desistindo", "Abortando", "no se pudo abrir", "Fallo al abrir",
    "请求失败", "错误: x", "连接异常", "[ERRO] 成功", "Could not log in, using default",
]  # fmt: skip
ERROR += [
    "\x1b[91mError: x\x1b[0m", "\x1b[1;31m[ERRO]\x1b[0m x", "[\x1b[31mERROR\x1b[0m] x", "\x1b[0m\n\x1b[31m❌ x", "[db] Request failed with status 500",
    "An unexpected error occurred: \0", "Ocorreu um erro inesperado", "worker 3 failed to start", "\0 falhou ao ler", "Ocurrió un error",
    "xonsh: no such file or directory",
]  # fmt: skip
INFO += ["\x1b[32m[OK]\x1b[0m erro", "\x1b[33m0 erros\x1b[0m"]
NONE += [
    "if it failed to start",
    "no unexpected error",
    "never failed with this",
    "\x1b[32mlido\x1b[0m sem Erro",
    "Mean absolute error: 0.5",
]
WARNING += ["ADVERTENCIA: x", "[ADVERTENCIA] x", "警告: x", "Command timed out", "- Warning: x"]
INFO += [
    "login successful",
    "Login com sucesso",
    "using default",
    "*" * 40,
    "=== --- ===",
    "登录成功",
    "[OK] erro",
]
TABLE = [
    *((text, Level.CRITICAL) for text in CRITICAL),
    *((text, Level.ERROR) for text in ERROR),
    *((text, Level.WARNING) for text in WARNING),
    *((text, Level.INFO) for text in INFO),
    *((text, None) for text in NONE),
]
STAMPED = [
    "[12:00:00] [ERRO] x", "[2024-01-02 10:00:00] Falha", "2024-01-02 10:00:00,123 - Erro", "2024-01-02T10:00:00Z Erro",
    "[2024-01-02T10:00:00.123456+00:00] Erro", "[01/02/2024] [10:00] Erro", "10:00 Erro", "(10:00:00) ERRO",
    "[1714559400] erro", "02/01 10:22:33 | ERRO", " 12:00:01 > Erro",
]  # fmt: skip


def test_a_marker_at_the_start_decides() -> None:
    """What stands at the start of the text gives its level; look-alikes give none."""
    assert [(text, level_of_text(text)) for text, _ in TABLE] == TABLE


def test_a_time_stamp_is_skipped_when_asked() -> None:
    """At run time a leading time stamp does not hide the marker."""
    assert [text for text in STAMPED if level_of_text(text, timestamp=True) is not Level.ERROR] == []


@pytest.mark.parametrize("text", ["12 erros", "3:5 Erro", "1.5 erro", "12:00:00abc Erro"])
def test_a_number_is_no_time_stamp(text: str) -> None:
    """Only a date, a time or seconds since 1970 are skipped."""
    assert level_of_text(text, timestamp=True) is None


def test_the_runtime_agrees() -> None:
    """The runtime's generated copy of the table gives what the analysis gives, INFO where there is no marker."""
    texts = [text for text, _ in TABLE] + STAMPED + ["texto", "12 erros", "[12] Erro"]
    expected = [(text, (level_of_text(text, timestamp=True) or Level.INFO).name) for text in texts]

    assert [(text, logging.getLevelName(worker_logger._level_of(text))) for text in texts] == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["[", None, "] [ERRO] x"], Level.ERROR),
        (["[", None, "] ", None], None),
        (["Erro: ", None], Level.ERROR),
        (["Erros: ", None], None),
        ([None, "Erro"], None),
        (["  [AVISO] ", None], Level.WARNING),
    ],
)
def test_an_fstring_is_judged_by_what_is_known(parts: list[str | None], expected: Level | None) -> None:
    """A value in brackets before the text is a time stamp; a count that is not known yet is no error."""
    assert level_of_static(parts) is expected


def test_the_generated_block_is_current() -> None:
    """The runtime carries the patterns of today's levels.toml."""
    text = Path(worker_logger.__file__).read_text(encoding="utf-8")

    assert level.with_generated_block(text) == text


def test_a_changed_block_is_noticed_and_restored() -> None:
    """Writing the block brings an edited one back, and touches nothing else."""
    text = Path(worker_logger.__file__).read_text(encoding="utf-8")
    edited = text.replace("FALHOU", "FALHA9")

    assert edited != text
    assert level.with_generated_block(edited) == text


def test_a_file_without_the_block_is_refused() -> None:
    """There is no guessing where the block belongs."""
    with pytest.raises(ValueError, match="no block between"):
        level.with_generated_block("x = 1\n")


def test_hostile_texts_take_no_time() -> None:
    """Long runs of what the patterns repeat are matched in a single pass."""
    for text in (
        "[" + "a-" * 50_000,
        "[" + " " * 100_000,
        "Erros" + " a" * 50_000,
        "1" * 100_000,
        "[12:00]" * 20_000,
        "- " * 50_000,
        "[x] " * 50_000,
        "a " * 50_000 + "\0",
        "错" * 100_000 + "a",
        "=" * 100_000 + "\0",
    ):
        assert level_of_text(text, timestamp=True) in {None, Level.ERROR, Level.INFO}
