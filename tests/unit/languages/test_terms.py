"""One Chinese word for a thing, the one that its readers use: no retired term is left where people
read.
"""

from __future__ import annotations

import re

import pytest

from tests.documents.refusals import ROOT

SAID = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for file in (
        *(ROOT / "portal" / "web").rglob("*.po"),
        *(ROOT / "portal" / "web" / "templates").rglob("*.html"),
        *(ROOT / "benchmarks" / "locale").rglob("*.po"),
        ROOT / "portal" / "web" / "about.toml",
        ROOT / "docs" / "glossary.md",
    )
}
RETIRED = {
    "厂址|厂点|义务工厂": "生产厂区",
    "(?<!生产)厂区": "生产厂区",
    "工序标签|工序标识|工序能耗标识": "工序能耗标签",
    "行业标签|行业标识|行业能耗标识": "行业能耗标签",
    "同类组|同行组": "对标组",
    "我们的位置|我厂对标结果": "本厂",
    "(?<!实际)控制企业": "实际控制企业",
    "义务名单|义务单位": "应报单位",
    "审计记录|审计日志": "操作日志",
    "指派": "委派",
    "激励": "奖补",
    "重大发现|严重(审核|核查)发现": "严重不符合项",
    "本制度": "本计划",
    "工序阶梯": "工序能耗阶梯图",
    r"95 ?%+ ?区间": "置信区间",
    "等待开封|正在开封": "待解密",
    # a licence has its name; the terms that firms signed keep their wording
    "(?<!知识共享)署名(?!：任何公开内容)": "公示企业名称",
    "标杆(?!水平|值, which)|行业基准": "行业对标值",
    r"第 ?(%\(\w+\)[sd]|\{revision\}|\d) 次修订": "修订号",
    "退出本方案|退出该计划|退出制度": "退出本计划",
    "待处理申请|等待的申请": "待审申请",
    "已核验，无保留|核实无误，无保留": "经核查，出具无保留意见",
    "已开封|启封": "已解密",
    "分派": "委派",
    "无法核查|项核查中|核查项": "核验",
    "撤回鉴证|鉴证声明撤回": "撤销鉴证",
    "最佳(?!做法|实践)": "最优值",
    "监管部门": "主管部门",
    "指定给": "委派",
}
"""What a term was called, and what it is called now; the glossary says by which source."""


@pytest.mark.parametrize("retired", RETIRED)
def test_no_retired_term_is_left(retired: str) -> None:
    left = {file: match[0] for file, text in SAID.items() if (match := re.search(retired, text))}
    assert left == {}
    assert any(RETIRED[retired] in text for text in SAID.values()), "the term itself is in use"


def test_the_glossary_has_each_term_with_its_source() -> None:
    table = (
        SAID["docs/glossary.md"]
        .partition("## Chinese terms and where they come from")[2]
        .partition("\n## ")[0]
    )
    for term in set(RETIRED.values()):
        assert term in table, term


ORDER = (
    r"(?i)\b(your places?\b|range of places|place by place|place, 95|a place, but no score"
    r"|places? (counts?|compares?|was computed|were computed|that (is|are) possible))"
)
"""Sentences that call a rank a place, which on pages is where something stands in a file or log."""


def test_english_pages_call_a_rank_a_rank() -> None:
    left = {file: match[0] for file, text in SAID.items() if (match := re.search(ORDER, text))}
    assert left == {}
