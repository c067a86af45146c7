"""Refusals as an audit's report tells them: in the words of the refusal, and in Chinese by its code, which the places stand behind."""

from __future__ import annotations

from benchmarks.errors import SteplabelError
from benchmarks.routes import Words

_AGAIN = "请重新下载该文件；若仍如此，请保留文件和日志头。"
_WHOLE = "请按原样提供文件：文件为二进制格式，传递途中不得由任何程序改动。"
_COORDINATOR = "请重新获取平台的密钥目录；若仍不成立，请询问协调机构。"

ZH: dict[str, tuple[str, str]] = {
    "benchmark-member-unknown": (
        "已发布文件中有任何版本都没有的成员，无从得知其由何而来。",
        "请保留文件和文档：二者均已签名。若由更新的版本发布，请用该版本核对；否则请询问协调机构。",
    ),
    "benchmark-pack-differs": ("该标杆由与此处安装的方法包不同的方法包合成。", "请安装含有该方法包摘要的 Steplabel 版本。"),
    "benchmark-signature-invalid": ("该标杆在发布后被改动，或由其他平台签名。", "请从您注册的平台重新获取，切勿与此副本比较。"),
    "benchmark-unsigned": ("这不是 Steplabel 签名的标杆。", "请获取发布页面的 JSON 形式。"),
    "cbor-malformed": ("字节不是 Steplabel 消息。", _WHOLE),
    "cbor-not-canonical": ("字节不是规范形式。", _WHOLE),
    "challenge-signature-invalid": ("挑战值不是由本平台的回执密钥签名。", "请再次提交承诺并取平台自己的答复；若仍不成立，请询问协调机构。"),
    "composed-of-unreadable": ("这不是标杆合成来源的文件，或其中一处无法读取。", "请从该版本的页面重新下载。"),
    "evidence-unreadable": ("这不是抽样的证据文件，或其中一处无法读取。", "请从抽样页面重新下载。"),
    "draw-signature-invalid": ("文件不是由其中所载审核员密钥签名，或签名后被改动。", "请向审核员重新索取文件。"),
    "field-malformed": ("某字段的内容不符合要求。", _WHOLE),
    "field-missing": ("缺少某字段。", _WHOLE),
    "field-unknown": ("含有本版本不认识的字段。", _WHOLE),
    "report-of-another-period": ("该版本由另一期间的报告合成。", "请保留文件和日志头：日志中的该发布指明了那份报告。"),
    "site-twice": ("同一厂址有两份报告进入该版本。", "请保留文件和日志头：日志中的该发布指明了两者。"),
    "leaves-differ": ("文件中的报告不是日志中该发布所指的报告。", "请重新下载文件；若仍如此，则有报告被遗漏或混入：请保留文件和日志头。"),
    "log-forked": ("平台对同样大小签署了两个不同的日志：不同的人看到不同的日志。", "请保留两个日志头：它们由平台签名，可作证据。"),
    "log-rewritten": ("平台日志的开头与先前所见不同：有条目被改动、移动或遗漏。", "请保留两个日志头：它们由平台签名，可作证据。"),
    "log-shrunk": ("平台日志的条目比先前所见更少。", "请保留两个日志头：它们由平台签名，可作证据。"),
    "nonce-not-promised": (
        "此次抽样的随机数不是审核员就该厂址和报告期所承诺的随机数。",
        "请用所承诺的随机数重新抽样；用其他随机数就可能挑选抽样结果。",
    ),
    "not-consistent": (
        "较大的树不以先前所见的树为开头。",
        "已记入日志的内容被改动、移动或遗漏。请保留两个签名的日志头：二者合在一起即可证明。",
    ),
    "not-included": (
        "所出示的叶子不在具有该根的树中。",
        "请重新索取该叶子及其证明；若仍相同，则所出示的不是所承诺的：请两者都保留。",
    ),
    "plan-not-promised": (
        "此次抽样的方案或所抽工序不是审核员所承诺的。",
        "请按所承诺的方案重新抽样；得知日志头之后再选方案，就可能避开某条记录。",
    ),
    "proof-malformed": ("证明的哈希过多或过少，或有的不是 32 字节。", "请就这些位置重新索取证明。"),
    "public-key-malformed": ("公钥书写有误。", "请从生成处重新复制公钥。"),
    "public-key-weak": ("公钥位于曲线的小子群：其签名对任何人都无约束力。", "请用代理程序重新生成密钥。"),
    "receipt-signature-invalid": ("回执不是由本平台的回执密钥签名。", _COORDINATOR),
    "tree-head-signature-invalid": ("日志头不是由本平台的回执密钥签名。", _COORDINATOR),
    "unit-mismatch": ("两个单位度量的不是同一种量。", "请使用同类量的单位。"),
    "unit-unknown": ("单位无法识别。", "请使用文档所列的单位。"),
    "value-differs": ("有已发布的数值与各报告得出的不同。", _AGAIN),
}
"""By code: what was found, and what to do. The English of a refusal names values and places; here its code leads to them."""


def in_words(refusal: SteplabelError) -> tuple[Words, Words]:
    """Sentence and remedy. A code without words of its own is told as it is."""
    found, to_do = ZH.get(refusal.code, (refusal.sentence, refusal.remedy))
    return Words(en=refusal.sentence, zh=f"{found}（{refusal.code}）"), Words(en=refusal.remedy, zh=to_do)
