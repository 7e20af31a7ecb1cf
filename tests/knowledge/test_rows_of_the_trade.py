"""What real workers are made of: the commonest calls of bots, scrapers, traders and gadgets are known, with what they give.

Each body is one as such scripts have it; what it gives is used further, so that a type that is not known would show.
"""

from __future__ import annotations

import textwrap

import pytest

from tests.analysis.conftest import Analyse, _script


@pytest.fixture
def script() -> Analyse:
    return _script


def _inferred(script: Analyse, head: str, function: str, body: str) -> tuple[set[str], list[str], str]:
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "        ")
    found = script(
        f"{textwrap.dedent(head)}\n{function}\n    try:\n{indented}\n    except Exception:\n        pass\n"
    ).body()
    return set(found.names), [entry.rule for entry in found.unresolved], found.reason


@pytest.mark.parametrize(
    ("head", "function", "body", "expected"),
    [
        pytest.param(
            "from selenium import webdriver\nfrom selenium.webdriver.common.by import By\nfrom selenium.webdriver.support.ui import WebDriverWait\n"
            "from selenium.webdriver.support import expected_conditions as EC\nd = webdriver.Chrome()\n",
            "def f():",
            "WebDriverWait(d, 10).until(EC.presence_of_element_located((By.ID, 'a'))).text",
            "selenium.common.exceptions.WebDriverException",
            id="selenium waits",
        ),
        pytest.param(
            "from playwright.async_api import async_playwright, Page",
            "async def f(page: Page):",
            "await page.goto('https://x')\nawait page.locator('a').first.inner_text()",
            "playwright.sync_api.Error",
            id="playwright, async",
        ),
        pytest.param(
            "import discord",
            "async def f(interaction: discord.Interaction):",
            "await interaction.response.send_message('a')",
            "discord.DiscordException",
            id="discord interactions",
        ),
        pytest.param(
            "from discord.ext import tasks\n@tasks.loop(minutes=5)\nasync def olhar(): pass",
            "def f():",
            "if not olhar.is_running():\n    olhar.start()",
            "RuntimeError",
            id="discord loops",
        ),
        pytest.param(
            "import aiosqlite",
            "async def f():",
            "db = await aiosqlite.connect('a')\nrow = await (await db.execute('a')).fetchone()\nawait db.close()",
            "ValueError",  # closed
            id="aiosqlite, awaited",
        ),
        pytest.param(
            "import aiosqlite",
            "async def f(db: aiosqlite.Connection, texto: str):",
            "await db.execute('a', (texto,))",
            "ValueError",
            id="aiosqlite, annotated",
        ),
        pytest.param(
            "from aiogram.utils.keyboard import InlineKeyboardBuilder",
            "def f(texto: str):",
            "b = InlineKeyboardBuilder()\nb.button(text=texto, callback_data='a').adjust(2).as_markup()",
            "ValueError",
            id="keyboards of aiogram",
        ),
        pytest.param(
            "from prometheus_client import Counter\npedidos = Counter('pedidos', 'Pedidos', ['loja'])",
            "def f(loja: str):",
            "pedidos.labels(loja=loja).inc()",
            "ValueError",
            id="prometheus_client",
        ),
        pytest.param(
            "import alpaca_trade_api as tradeapi",
            "def f():",
            "api = tradeapi.REST('a', 'b')\nfor p in api.list_positions():\n    api.submit_order(p.symbol, qty=1)",
            "alpaca_trade_api.rest.APIError",
            id="alpaca_trade_api",
        ),
        pytest.param(
            "from bs4 import BeautifulSoup",
            "def f(texto: str):",
            "open('a')\nfor s in BeautifulSoup(texto, 'html.parser')(['script']):\n    s.decompose()",
            "OSError",
            id="a document of bs4 is called",
        ),
        pytest.param(
            "from PyQt6.QtCore import pyqtSignal\nfrom PyQt6.QtWidgets import QWidget\nclass Janela(QWidget):\n    feito = pyqtSignal(str)",
            "def f(janela: Janela):",
            "janela.setWindowTitle('a')\njanela.feito.emit('b')",
            "RuntimeError",  # what Qt has deleted
            id="PyQt6",
        ),
        pytest.param(
            "import customtkinter as ctk\nclass Janela(ctk.CTk):\n    def __init__(self):\n        super().__init__()\n        self.campo = ctk.CTkEntry(self)",
            "def f(janela: Janela):",
            "janela.campo.insert(0, janela.campo.get().strip())\njanela.after(100, print)",
            "tkinter.TclError",
            id="customtkinter",
        ),
        pytest.param(
            "import duckdb",
            "def f():",
            "with duckdb.connect('a') as db:\n    rows = db.execute('select 1').fetchall()\n    len(rows)",
            "duckdb.Error",
            id="duckdb",
        ),
        pytest.param(
            "import tldextract",
            "def f(texto: str):",
            "tldextract.extract(texto).registered_domain.upper()",
            "LookupError",
            id="tldextract",
        ),
        pytest.param(
            "import arrow",
            "def f(texto: str):",
            "arrow.get(texto).shift(days=-1).format('YYYY')",
            "ValueError",
            id="arrow",
        ),
        pytest.param(
            "import discord",
            "async def f(channel: discord.TextChannel):",
            "e = discord.Embed(title='a', color=discord.Color.dark_gold())\nawait channel.send(embed=e)",
            "discord.DiscordException",
            id="discord colours",
        ),
        pytest.param(
            "from pybit.unified_trading import HTTP\napi = HTTP(testnet=False)\n",
            "def f():",
            "float(api.get_wallet_balance(accountType='UNIFIED')['result']['list'][0]['totalEquity'])",
            "pybit.exceptions.InvalidRequestError",
            id="pybit",
        ),
        pytest.param(
            "from motor.motor_asyncio import AsyncIOMotorClient\ndb = AsyncIOMotorClient('a').loja\n",
            "async def f():",
            "await db.usuarios.find_one({})\nasync for u in db.usuarios.find({}).sort('n', -1):\n    int(u['n'])",
            "pymongo.errors.PyMongoError",
            id="motor, collections as attributes",
        ),
        pytest.param(
            "from pymongo import MongoClient\ndb = MongoClient('a').loja\n",
            "def f():",
            "db.usuarios.count_documents({})",
            "pymongo.errors.PyMongoError",
            id="pymongo, collections as attributes",
        ),
        pytest.param(
            "from aiogram import Bot\nbot = Bot('1:a')\n",
            "async def f(n: int):",
            "await bot.send_message(n, 'a')",
            "aiogram.exceptions.AiogramError",
            id="aiogram bot",
        ),
        pytest.param(
            "from aiogram.types import Message",
            "async def f(message: Message):",
            "m = await message.answer('a')\nawait m.delete()",
            "aiogram.exceptions.AiogramError",
            id="aiogram messages",
        ),
        pytest.param(
            "from binance.client import Client\nc = Client('a', 'b')\n",
            "def f():",
            "float(c.get_symbol_ticker(symbol='BTCUSDT')['price'])",
            "binance.exceptions.BinanceAPIException",
            id="binance",
        ),
        pytest.param(
            "import ccxt\nx = ccxt.kraken({'enableRateLimit': True})\n",
            "def f():",
            "x.fetch_ticker('BTC/USD')['last']",
            "ccxt.BaseError",
            id="ccxt",
        ),
        pytest.param(
            "import ccxt.async_support as ccxt\nx = ccxt.binance()\n",
            "async def f():",
            "await x.fetch_balance()",
            "ccxt.BaseError",
            id="ccxt, async",
        ),
        pytest.param(
            "import spotipy\ns = spotipy.Spotify()\n",
            "def f():",
            "s.current_user_playing_track()",
            "spotipy.exceptions.SpotifyBaseException",
            id="spotipy",
        ),
        pytest.param(
            "from telethon import TelegramClient\nc = TelegramClient('a', 1, 'b')\n",
            "async def f():",
            "await c.send_message('me', 'a')",
            "telethon.errors.RPCError",
            id="telethon",
        ),
        pytest.param(
            "from pyrogram import Client\nfrom pyrogram.types import Message\n",
            "async def f(client: Client, message: Message):",
            "await message.reply_text('a')",
            "pyrogram.errors.RPCError",
            id="pyrogram",
        ),
        pytest.param(
            "import firebase_admin\nfrom firebase_admin import firestore\ndb = firestore.client()\n",
            "def f():",
            "db.collection('a').document('b').get().to_dict()",
            "google.api_core.exceptions.GoogleAPIError",
            id="firestore",
        ),
        pytest.param(
            "from supabase import create_client\ns = create_client('https://x', 'k')\n",
            "def f():",
            "s.table('a').select('*').eq('b', 1).execute().data",
            "postgrest.exceptions.APIError",
            id="supabase",
        ),
        pytest.param(
            "import minimalmodbus\ni = minimalmodbus.Instrument('/dev/ttyUSB0', 1)\n",
            "def f():",
            "i.read_register(1, 1)",
            "OSError",
            id="minimalmodbus",
        ),
        pytest.param(
            "from pymodbus.client import ModbusTcpClient\nc = ModbusTcpClient('h')\n",
            "def f():",
            "c.read_holding_registers(1, count=2).registers",
            "pymodbus.exceptions.ModbusException",
            id="pymodbus",
        ),
        pytest.param(
            "from bleak import BleakClient",
            "async def f():",
            "async with BleakClient('a') as c:\n    await c.read_gatt_char('b')",
            "bleak.exc.BleakError",
            id="bleak",
        ),
        pytest.param(
            "import speech_recognition as sr\nr = sr.Recognizer()\n",
            "def f():",
            "with sr.Microphone() as m:\n    a = r.listen(m)\nr.recognize_google(a)",
            "speech_recognition.exceptions.UnknownValueError",
            id="speech recognition",
        ),
        pytest.param(
            "from curl_cffi import requests\n",
            "def f(u: str):",
            "requests.get(u).json()",
            "ValueError",
            id="curl_cffi",
        ),
        pytest.param(
            "import RPi.GPIO as GPIO\n",
            "def f(n: int):",
            "GPIO.setup(n, GPIO.OUT)",
            "RuntimeError",
            id="RPi.GPIO",
        ),
        pytest.param(
            "import smbus2\nb = smbus2.SMBus(1)\n",
            "def f(n: int):",
            "b.read_byte_data(n, 0)",
            "OSError",
            id="smbus2",
        ),
        pytest.param(
            "import dateparser\n",
            "def f(t: str):",
            "dateparser.parse(t).year",
            "AttributeError",
            id="dateparser",
        ),
    ],
)
def test_the_commonest_calls_are_known(
    script: Analyse, head: str, function: str, body: str, expected: str
) -> None:
    names, unresolved, reason = _inferred(script, head, function, body)

    assert not unresolved
    assert expected in names, reason


@pytest.mark.parametrize(
    ("head", "function", "body"),
    [
        pytest.param(
            "import transformers\np = transformers.pipeline('a')\n",
            "def f(t: str):",
            "p(t)",
            id="transformers",
        ),
        pytest.param("import yfinance as yf\n", "def f():", "yf.download('PETR4.SA')", id="yfinance"),
        pytest.param("import pyttsx3\n", "def f():", "pyttsx3.init()", id="pyttsx3"),
    ],
)
def test_what_nobody_bounds_never_narrows(script: Analyse, head: str, function: str, body: str) -> None:
    """Where a library says of no list that it is all, the row says so, and the report names the call."""
    names, unresolved, reason = _inferred(script, head, function, body)

    assert not names
    assert not unresolved
    assert "raises Exception itself" in reason


@pytest.mark.parametrize(
    ("head", "function", "twin", "body"),
    [
        pytest.param(
            "import discord\nclient = discord.Client()\n@client.event\n",
            "async def on_message(message):",
            "async def on_anything(message):",
            "await message.channel.send('a')",
            id="an event of the decorated name",
        ),
        pytest.param(
            "from discord.ext import commands\nimport discord\nbot = commands.Bot('!')\n@bot.command()\n",
            "async def oi(ctx, nome):",
            None,
            "await ctx.send(nome.upper())",
            id="a command",
        ),
        pytest.param(
            "import discord\nclass V(discord.ui.View):\n  @discord.ui.button(label='a')\n",
            "  async def b(self, interaction, button):",
            None,
            "await interaction.response.send_message(button.label)",
            id="a button of a view",
        ),
        pytest.param(
            "import telebot\nbot = telebot.TeleBot('1:a')\n@bot.message_handler(commands=['a'])\n",
            "def oi(message):",
            None,
            "bot.send_message(message.chat.id, 'a')",
            id="a handler of telebot",
        ),
    ],
)
def test_decorators_and_base_classes_say_what_a_function_is_given(
    script: Analyse, head: str, function: str, twin: str | None, body: str
) -> None:
    """Nobody annotates what the library hands over; its decorator, or the method that it asks heirs for, tells."""
    indent = "  " if function.startswith(" ") else ""
    lines = textwrap.indent(body, f"{indent}        ")
    text = "{}{}\n" + f"{indent}    try:\n{lines}\n{indent}    except Exception:\n{indent}        pass\n"

    assert not script(text.format(head, function)).body().unresolved
    if twin is not None:
        assert script(text.format(head, twin)).body().unresolved


CAUGHT = """
    try:
        send()
    except {error} as e:
        e.{attribute} {use}
"""


@pytest.mark.parametrize(
    ("error", "attribute", "use"),
    [
        ("discord.HTTPException", "status", ">= 500"),
        ("discord.Forbidden", "status", ">= 500"),
        ("httpx.HTTPStatusError", "response.status_code", "+ 1"),
        ("aiohttp.ContentTypeError", "status", ">= 500"),
        ("telegram.error.RetryAfter", "retry_after", "+ 1"),
        ("telegram.error.BadRequest", "message", "+ 'a'"),
        ("aiogram.exceptions.TelegramRetryAfter", "retry_after", "+ 1"),
        ("openai.RateLimitError", "status_code", "+ 1"),
    ],
)
def test_what_an_exception_of_a_library_carries_is_known(
    script: Analyse, error: str, attribute: str, use: str
) -> None:
    """Waiting as long as a server asks for, and asking for its status, is what handlers do; another attribute may be anything."""
    head = f"import {error.rpartition('.')[0]}\nimport json\ndef send():\n    json.loads('a')\n"
    body = CAUGHT.format(error=error, attribute=attribute, use=use)

    assert not _inferred(script, head, "def f():", textwrap.dedent(body))[1]
    assert _inferred(script, head, "def f():", textwrap.dedent(body.replace(attribute, "other")))[1]
