# 简体中文。语法说明：https://projectfluent.org/fluent/guide/
# 每种语言一个文件，文件名即语言标签；开头两行是它在语言列表中的名称，以及每三位数字之间的分隔符。
language-name = 简体中文
number-group = ,

## 登录

sign-in = 登录
sign-in-new-here = 还没有账号？{ $link }
sign-in-have-account = 已有账号？{ $link }
sign-in-invited = 拿到了代码？{ $link }
register = 注册账号
register-now = 注册
register-first = 你是这里的第一位用户，此账号将成为管理员。
register-first-link = 这里还没有账号。第一个账号要用服务器启动时在终端或日志中给出的链接创建。
code-too-long = 代码最多 { $most } 个字符。请打开完整的链接，或按原样输入代码。
register-first-link-wrong = 此链接已失效。最新的链接在服务器启动时的终端或日志中。
register-link-used = 此链接已被使用。如果你有账号，请登录；否则请直接打开注册页面。
register-without-link = 不用此链接注册账号
register-invite = 注册需要邀请，请向已加入的人索取。
register-private = 你的对话只有你自己能看到。
register-closed = 本站未开放注册，请联系管理员。
field-name = 名字
field-email = 邮箱
field-password = 密码
strength-weak = 弱：用常见的猜法很快就会猜中。
strength-fair = 一般：能撑一段时间，再加几个词会更好。
strength-good = 好：能撑很多年。
strength-strong = 强：靠猜是猜不出来的。
password-hint = 至少 { $least } 个字符。
code-title = 双重验证
code-about = 密码正确。现在请输入应用中的验证码。
code-use-recovery = 使用恢复码
sign-in-as-another = 用其他账号登录
field-code = 验证码
field-code-app = 六位验证码
code-hint = 应用中的六位验证码，或你的一个恢复码。
code-hint-app = 应用每 30 秒显示一个新的验证码。
device-enter-title = 用另一台设备登录
device-enter-about = 在已登录的设备上打开“设置”、“登录”、“在另一台设备上登录”，用本设备扫描那里的二维码，或在此输入代码。
field-device-code = 另一台设备上的代码
device-ask = 请求在此登录
device-by-password = 用密码登录
device-here-about = 在显示此代码的设备上确认后，即可在此登录。
device-waiting = 请在另一台设备上确认本设备显示的数字：
device-continue = 继续
device-continue-as = 已确认。以 { $login } 的身份继续。
device-signed-in = 你已在此登录。

## 语言

language = 语言
language-choose = 选择语言
language-as-browser = 跟随浏览器
language-save = 保存语言
language-saved = 语言已保存。

## 消息操作

versions = 版本
version-previous = 上一个版本
version-next = 下一个版本

## 句子中的大小与时长

size-bytes = { $count } 字节
size-kilobytes = { $count } KB
size-megabytes = { $count } MB
size-megabytes-tenths = { $whole }.{ $tenth } MB
duration-seconds = { $count } 秒
duration-minutes = { $count } 分钟
duration-hours = { $count } 小时
duration-days = { $count } 天

## 错误：标题

title-signed-out = 已退出登录
title-not-signed-in = 未登录
title-not-allowed = 不允许的操作
title-not-found = 找不到页面
title-method-not-allowed = 不支持的请求方法
title-conflict = 操作冲突
title-too-slow = 传输超时
title-too-large = 内容过大
title-unsupported-media-type = 不支持的格式
title-another-address = 地址不对
title-not-valid = 输入有误
title-too-many-requests = 操作过于频繁
title-too-many-answers = 同时进行的回答过多
title-internal = 出错了
title-disk-full = 磁盘已满
title-not-available = 暂时不可用

## 错误：原因

error-signed-out = 登录已失效，请重新登录后继续。
error-wrong-credentials = 邮箱或密码不正确。请重试，或联系管理员重置密码。
error-not-found = 这里什么都没有。内容可能已被删除，或不属于你。
error-method-not-allowed = 此地址不支持该请求方法。
error-too-slow = 内容没能及时送达。请检查网络后重新发送。
error-too-large = 内容过大，最多 { $most }。
error-too-long = 消息太长，最多 { $most }。请缩短后重新发送。
error-too-long-by = 消息太长（{ $size }，最多 { $most }）。请缩短后重新发送。
error-unsupported-media-type = 请以 { $wanted } 格式发送。
error-idempotency-key-reused = 这个 Idempotency-Key 在一天之内已用于其他请求。不同的问题请使用不同的键。
error-too-many = 尝试次数过多，请等 { $wait }后重试。
error-too-many-answers = 你有 { $most } 个回答正在生成。请等其中一个结束，或停止一个。
error-internal = 服务器出了问题，我们已记录。请重试。
error-unavailable = 数据库暂时没有响应。数据没有丢失，请过几秒重试。
error-stopping = 服务器正在重启。数据没有丢失，请过几秒重试。
error-overloaded = 现在登录的人太多，请过几秒重试。
error-storage-full = 服务器磁盘已满，无法保存新内容。已有内容是安全的。请联系管理员清理空间后重试。
error-storage-lost = 服务器的数据库文件丢失，暂时无法读写。请联系管理员处理后重试。
error-unreachable = 无法连接服务器。请检查网络后重试。
error-second-factor-required = 此账号开启了双重验证。请连同密码一起提交应用中的验证码或一个恢复码。
error-proof-required = 请再次证明是你本人：此更改较为敏感，而你上次验证已超过十分钟。

## 错误：请求

form-incomplete = 表单不符合要求：{ $cause }。
form-not-text = 表单不是 UTF-8 文本。请用浏览器重新提交。
body-broke-off = 请求内容不完整。
body-not-object = 请求内容不是 JSON 对象。
body-not-json = 请求内容不是 JSON：{ $cause }。
body-does-not-fit = 请求内容不符合要求：{ $cause }。
query-not-understood = 无法识别问号后的参数。
query-not-a-number = { $name } 必须是整数。
query-not-a-truth = { $name } 必须是 true 或 false。
query-not-an-event = { $name } 必须是事件编号。
query-not-one-of = { $name } 只能是：{ $words }。
header-not-ascii = { $name } 只能包含 ASCII 字符。
idempotency-key-too-long = 幂等键最长 { $most } 字节。
site-elsewhere = 本站的地址不是 { $asked }，而是 { $address }。
site-not-set-up = 这台服务器没有启用 { $asked } 这个地址。如果你是管理员，请把 INGLENOOK_PUBLIC_URL 设为用户访问的地址。
site-wants-https = 请用 https 打开本站：{ $address }。
host-unreadable = 一个无法识别的主机
request-from-elsewhere = 这个请求来自其他网站，因此没有执行。
request-from-page-elsewhere = 这个请求来自其他网站，因此没有执行。页面地址是 { $page }，而请求的服务器地址是 { $asked }。如果该页面就是本站，请管理员把 INGLENOOK_PUBLIC_URL 设为 { $page }。

## 错误：账号

email-taken = 该邮箱已注册，请直接登录。
email-not-valid = 请输入邮箱地址，例如 lin@example.org。
name-not-valid = 名字最多 { $most } 个字符，且不能换行。
password-too-long = 密码最多 { $most } 个字符。
password-too-short = 密码至少 { $least } 个字符。
password-guessable = 这个密码太容易被猜到，请换一个。把三四个互不相关的词连在一起就很好。
password-wrong = 这不是你的当前密码。
password-missing = 请同时提供当前密码。
new-password-missing = 请同时提供新密码。
language-unknown = 本站支持的语言：{ $known }。
code-wrong = 验证码不正确，或已被使用。请输入应用中最新的验证码，或一个恢复码。
code-wrong-now = 验证码不正确。请输入刚刚扫描二维码的应用中最新的验证码，并检查手机与本站的时间是否准确。
code-missing = 请输入应用中的验证码，或一个恢复码。
sign-in-again = 用时过长，或你的账号在此期间有变动。请重新登录。
second-factor-on-already = 双重验证已开启。如果你换了应用，请先关闭它。
second-factor-off-already = 双重验证未开启。
second-factor-not-begun = 没有待确认的双重验证。请重新开始。
device-link-gone = 此代码已失效：超过两分钟、已被使用，或另一台设备抢先使用了它。请在已登录的设备上显示新的代码。
device-link-expired = 用时超过两分钟，或另一台设备已放弃。请显示新的二维码。

## 错误：对话与模型

search-too-long = 搜索内容最多 { $most } 个字符。
cursor-not-ours = 这个游标无效，请去掉后重新开始。
limit-out-of-range = limit 必须是 1 到 { $most } 之间的数字。
title-missing = 请填写标题。
title-too-long = 标题最多 { $most } 个字符，且不能换行。
system-prompt-too-long = 系统提示词最长 { $most } 字节。
choice-unknown = 请选择以下之一：{ $known }。
favourites-too-many = 最多收藏 { $most } 个模型。请先移除一个再添加。
temperature-out-of-range = 温度是 0 到 2 之间的数。留空则使用默认值。
top-p-out-of-range = Top-p 是 0 到 1 之间的数。留空则使用默认值。
max-tokens-out-of-range = 回答的最大 token 数是 1 到 { $most } 之间的整数。留空则使用默认值。
turns-out-of-range = 发送的轮数是 1 到 { $most } 之间的整数。留空则尽量全部发送。
reasoning-effort-unknown = 思考强度是以下之一：{ $known }。留空则使用默认值。
before-unknown = 这个对话里没有该消息。
parent-unknown = 这个对话里没有指定的上级消息。
model-name-too-long = 模型名最多 { $most } 个字符，且不能换行。
model-unknown = 没有“{ $model }”这个模型，请换一个。
model-gone = { $model } 已不再提供，请换一个模型。
model-none = 目前没有可用的模型，请告诉管理员。
    .operator = 没有可用的模型：所有提供方都没有响应，或没有能对话的模型。首页会显示各提供方的情况，请检查配置。
message-empty = 请先输入消息。
not-allowed-here = 你可以阅读这个对话，但不能在其中进行此操作。
conversation-busy = 这里还有回答正在生成。请等它结束，或停止后再发送。
conversation-at-end-of-time = 这条消息的编号已到时间尽头，后面无法再接消息。请回到更早的消息，或开始新对话。
only-answers-again = 只有回答可以重新生成。
only-questions-edited = 只有提问可以编辑。
only-answers-continued = 只有回答可以继续生成。
continue-ended = 这个回答已正常结束，或还没有内容，无法继续。你可以继续提问，或重新生成。
continue-not-newest = 这个回答之后对话又有了新消息。只有当前分支的最后一条消息可以继续生成。
question-deleted = 这个回答的提问已被删除，无法重新生成。

## 回答失败的原因

answer-too-long = 这个回答已达到长度上限。你可以继续提问。
answer-not-kept = 服务器暂时无法保存回答：磁盘和数据库都写不进去。请联系管理员处理后重试。
answer-not-taken = 数据库没有接受这个回答，内容未能完整保存。请重新生成，或联系管理员。
# 旧版本的记录里只有一句英文。
earlier-unreachable = 无法连接模型服务。（{ $message }）
earlier-refused = 模型服务拒绝了请求。（{ $message }）
earlier-overloaded = 模型服务繁忙。（{ $message }）
earlier-timeout = 模型服务响应超时。（{ $message }）
earlier-broken = 模型服务的回答有问题。（{ $message }）

## 模型提供方出了什么问题：每一句都有它的名字 { $provider }

provider-proxy-refused = 无法连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = 无法连接 { $provider }：中间的代理需要用户名和密码。请写进 HTTP_PROXY 或 HTTPS_PROXY，格式为 http://用户名:密码@主机:端口。
provider-proxy-not-used = 无法连接 { $provider }。请重试，或换一个模型。
    .operator = 无法连接 { $provider }：{ $variable } 指定的代理不受支持，只支持 http:// 和 https:// 代理。请修改 { $variable }，或把该主机加入 NO_PROXY。
provider-redirect = 暂时无法使用 { $provider }：它的地址变了。请换一个模型，或告诉管理员。
    .operator = { $provider } 要求跳转到其他地址，我们没有跟随。请检查它的地址（base_url）。
provider-bad-key = { $provider } 不允许本站访问。请换一个模型，或告诉管理员。
    .operator = { $provider } 拒绝了密钥。请检查它的密钥，或换一个模型。
provider-no-credit = { $provider } 上本站的余额不足。请换一个模型，或告诉管理员。
    .operator = { $provider } 的账号余额不足。请充值，或换一个模型。
provider-unknown-model = { $provider } 没有“{ $model }”这个模型，请换一个。
provider-unknown-model-or-address = { $provider } 没有“{ $model }”这个模型，请换一个。
    .operator = { $provider } 没有“{ $model }”这个模型，或者它的地址（base_url）有误（通常以 /v1 结尾）。请换一个模型，或检查地址。
provider-too-long = { $provider } 表示这个对话超出了模型的长度上限。请开始新对话，或换一个上下文更长的模型。
provider-too-large = { $provider } 表示消息太大，请缩短后再发。
provider-tokens-per-minute = { $provider } 限制了每分钟的发送量，暂时处理不了这么长的对话。请等 { $wait }后重试、开始新对话，或换一个模型。
provider-rate-limit-wait = { $provider } 正在限制请求。请等 { $wait }后重试，或换一个模型。
provider-rate-limit = { $provider } 正在限制请求。请稍后重试，或换一个模型。
provider-filtered = { $provider } 因内容规则没有回答，请换一种问法。
provider-filtered-late = { $provider } 因内容规则中止了回答，已生成的部分会保留。请换一种问法。
provider-gave-up = { $provider } 等待请求超时，请重试。
provider-in-the-way = { $provider } 正在处理另一个请求，拒绝了这一个，请重试。
provider-not-accepted = { $provider } 没有接受这个请求。请换一个模型，或修改消息。
provider-overloaded = { $provider } 负载过高，请等 { $wait }后重试。
provider-trouble = { $provider } 出错了，请稍后重试。
provider-senseless = { $provider } 的回应无法理解。请重试，或换一个模型。
    .operator = { $provider } 的回应无法理解，请检查它的地址（base_url）。
provider-bad-address = 无法连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 的地址无效，请检查它的地址（base_url）。
provider-unreachable = 无法连接 { $provider }。请重试，或换一个模型。
    .operator = 无法连接 { $provider }。请确认它正在运行、地址（base_url）正确，然后重试。
provider-unreachable-proxy = 无法连接 { $provider }。请重试，或换一个模型。
    .operator = 无法通过代理 { $proxy } 连接 { $provider }，该代理由 HTTP_PROXY、HTTPS_PROXY 或 ALL_PROXY 指定。请检查代理，或把该主机加入 NO_PROXY。
provider-no-secure-client = 无法连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = 无法连接 { $provider }：本服务器未能建立安全连接。
provider-closed-early = { $provider } 没有给出有效回答就断开了连接，请重试。
provider-closed-early-proxy = 无法连接 { $provider }。请重试，或换一个模型。
    .operator = { $provider } 没有给出有效回答就断开了经代理 { $proxy } 的连接，请重试。
provider-not-https = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 没有以 https 响应。请检查地址（base_url）是否应以 http:// 开头。
provider-tls-refused = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 拒绝了安全连接，请检查它的地址（base_url）。
provider-certificate-expired = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 的证书已过期，请在该服务器上更新证书。
provider-certificate-not-yet = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 的证书尚未生效，请检查两台服务器的时钟。
provider-certificate-name = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 的证书名称与地址（base_url）不符，请改用证书里的名称。
provider-certificate-revoked = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = { $provider } 的证书已被吊销，请在该服务器上更换证书。
provider-certificate-not-trusted = 无法安全地连接 { $provider }。请换一个模型，或告诉管理员。
    .operator = 本服务器不信任 { $provider } 的证书：它是自签名的，或签发机构未知。请把证书存成文件，并在 SSL_CERT_FILE 中指定。
provider-late-connect = { $limit }内未能连上 { $provider }。请重试，或换一个模型。
provider-late-connect-proxy = 无法连接 { $provider }。请重试，或换一个模型。
    .operator = { $limit }内未能通过代理 { $proxy } 连上 { $provider }。请重试，或换一个模型。
provider-late-models = { $provider } 在 { $limit }内没有列出模型。请重试，或换一个模型。
provider-late-begin = { $provider } 在 { $limit }内没有开始回答。请重试，或换一个模型。
provider-late-begin-alive = { $provider } 在 { $limit }内只发来心跳，没有开始回答。请重试，或换一个模型。
provider-late-middle = { $provider } 回答到一半停住，{ $limit }内没有再发来内容。请重试，或换一个模型。
provider-late-middle-alive = { $provider } 回答到一半停住，{ $limit }内只发来心跳。请重试，或换一个模型。
provider-broke-off = 与 { $provider } 的连接在回答中途断开了。可以继续生成，或重试。
provider-no-answer = { $provider } 没有回答就断开了连接，请重试。
provider-failed-midway = { $provider } 回答到一半出错了。可以继续生成，或重试。
provider-not-an-answer = { $provider } 发来的不是回答。请重试，或换一个模型。
provider-not-an-answer-address = { $provider } 发来的不是回答。请重试，或换一个模型。
    .operator = { $provider } 发来的不是回答，请检查它的地址（base_url）。
provider-page = { $provider } 发来的是网页而不是回答。请重试，或换一个模型。
    .operator = { $provider } 发来的是网页而不是回答，请检查它的地址（base_url）。
provider-event-too-long = { $provider } 一次发来的内容超过了回答的上限，请重试。
provider-thought-too-long = { $provider } 在思考时就用完了长度，没有写出回答。请重试、把要求写短一些，或换一个模型。
provider-only-thought = { $provider } 只有思考，没有写出回答。请重试，或换一个模型。
provider-cut-before-first-word = { $provider } 还没开始回答就达到了长度上限。请开始新对话，或换一个模型。
provider-wants-tool = { $provider } 想调用工具，但这里不支持，因此没有回答。请换一种问法，或换一个模型。
provider-empty = { $provider } 发来了空的回答。请重试，或换一个模型。
provider-no-list = { $provider } 没有列出模型。请选择其他提供方的模型，或告诉管理员。
    .operator = { $provider } 没有列出模型。请检查它的地址（base_url），或在配置中写明（models = ["…"]）。

## 渲染后的 Markdown

code-fold = 折叠
code-wrap = 自动换行
code-download = 下载
code-copy = 复制
code-block = 代码
table-block = 表格
table-copy = 复制表格
table-csv = 下载 CSV
label-note = 注意
label-tip = 提示
label-important = 重要
label-warning = 警告
label-caution = 小心

## 页面框架与对话列表

close = 关闭
settings = 设置
sign-out = 退出登录
role-administrator = 管理员
role-member = 成员
skip-to-content = 跳到内容
without-script = 此处已关闭 JavaScript。提问、编辑等大部分功能照常可用；临时对话、保存代码或表格、复制、引用、撤销、快捷键、修改排队的问题以及搜索模型需要 JavaScript。
search = 搜索
conversations = 对话
conversations-show = 显示对话列表
conversations-all = 全部对话
conversations-none = 这里还没有内容。
conversations-none-archived = 没有已归档的对话。
conversations-archived = 已归档
conversations-deleted = 已删除
conversations-none-deleted = 没有已删除的对话。删除的对话 30 天内可以在这里恢复。
conversation-gone-on = 将于 { $date }彻底删除
conversation-deleted-here = 对话已删除，30 天内可以在这里恢复。
conversation-restored = “{ $title }”已恢复到对话列表。
restore = 恢复
restore-named = 恢复“{ $title }”
conversations-none-found = 没有找到标题匹配的对话。
conversations-older = 更早的对话
conversations-back = 返回我的对话
search-titles = 搜索标题
day-pinned = 置顶
day-today = 今天
day-yesterday = 昨天
day-last-week = 过去 7 天
day-last-month = 过去 30 天
day-earlier = 更早
date-long = { $year } 年 { $month ->
    [m1] 1
    [m2] 2
    [m3] 3
    [m4] 4
    [m5] 5
    [m6] 6
    [m7] 7
    [m8] 8
    [m9] 9
    [m10] 10
    [m11] 11
   *[m12] 12
} 月 { $day } 日
date-and-time = { $date } { $time }

## 设置

signed-in-as = 当前账号：{ $email }
name-save = 保存名字
name-saved = 名字已保存。
picture = 头像
picture-initial = 字符
picture-initial-hint = 一两个字符，或一个表情符号。留空则用你名字的第一个字。
picture-initial-not-valid = 请选择一到两个字母、汉字或数字，或单个表情符号。不接受不可见的字符。
picture-colour = 颜色
picture-automatic = 自动
picture-red = 红色
picture-orange = 橙色
picture-olive = 橄榄色
picture-green = 绿色
picture-teal = 青色
picture-blue = 蓝色
picture-violet = 紫色
picture-pink = 粉色
picture-save = 保存头像
picture-saved = 头像已保存。
email-change-hint = 你用它登录，因此不能留空。
email-save = 保存邮箱
email-or-name-save = 保存邮箱或用户名
email-saved = 从现在起，请使用新邮箱登录。
login-saved = 从现在起，请使用新用户名登录。
login-in-use = 该登录名已被其他账号使用，请换一个。
email-in-use = 该邮箱已被其他账号使用，请换一个。
password-current = 当前密码
password-new = 新密码
password-change = 修改密码
password-change-hint = 至少 { $least } 个字符。其他设备会退出登录。
password-changed = 密码已修改，其他设备已退出登录。
profile = 个人资料
settings-sign-in = 登录方式
appearance = 外观
theme = 主题
theme-system = 跟随设备
theme-light = 浅色
theme-dark = 深色
palette = 配色
palette-ember = 余烬
palette-sea = 海蓝
palette-plum = 梅紫
appearance-save = 保存外观
appearance-saved = 外观已保存。
chat-settings = 聊天
instructions = 指令
instructions-for-all = 用于所有对话的指令
instructions-for-all-hint = 希望每个模型都知道并遵守的内容：你喜欢怎样的回答、你是做什么的。它们排在各对话自己的指令之前。
instructions-here = 用于这个对话的指令
instructions-here-hint = 排在你用于所有对话的指令之后，从下一个回答起生效。
instructions-save = 保存指令
params = 参数
params-hint = 对话没有另行设置时使用。模型不认识的参数会被略去。
params-here-hint = 仅用于这个对话，从下一个回答起生效。模型不认识的参数会被略去。
params-save = 保存参数
param-default = 由模型决定
turns-default = 尽量全部
param-as-for-all = 与所有对话相同：{ $value }
temperature = 温度
temperature-hint = 从 0（严谨）到 2（发散）。
top-p = Top-p
top-p-hint = 从 0 到 1：考虑多大范围的可能用词。
max-tokens = 回答的最大 token 数
max-tokens-hint = 从 1 到 { $most }。
turns = 发送的轮数
turns-hint = 从 1 到 { $most }：发送最近多少个提问，连同各自的回答。
reasoning-effort = 思考强度
reasoning-effort-hint = 用于回答前会思考的模型。
effort-none = 不思考
effort-minimal = 最低
effort-low = 低
effort-medium = 中
effort-high = 高
model-next = 下一个对话的模型
model-next-is = 新对话使用你上次选择的 { $model }。
model-next-default = 新对话使用本站的默认模型，直到你选择其他模型。
model-next-forget = 改用默认模型
shortcuts = 快捷键
outline = 提问
outline-search = 搜索提问
outline-none = 这里还没有提问。
outline-none-found = 没有找到匹配的提问。
outline-earlier = 更早的提问
single-keys = 单键快捷键，例如 ?
single-keys-save = 保存快捷键设置
switched-on = 开启
switched-off = 关闭
chat-defaults-saved = 聊天设置已保存。
save = 保存
proof-title = 是你本人吗？
proof-about = 下一步较为敏感，请再次证明是你本人。十分钟内有效。
proof-give = 继续
proof-not-now = 暂不
proof-done = 谢谢。现在请再操作一次。
second-factor = 双重验证
second-factor-about = 开启后，登录时除密码外还需要手机应用生成的验证码。任何支持此类验证码（TOTP）的应用都可以。
second-factor-begin = 设置双重验证
second-factor-scan = 用应用扫描此二维码。
second-factor-qr = 供应用扫描的二维码；下面的密钥是同样内容的文字。
second-factor-key = 或在应用中输入此密钥：
second-factor-type = 输入应用现在显示的验证码。
second-factor-confirm = 开启
second-factor-not-now = 暂不
second-factor-is-on = 双重验证已开启：登录时需要验证码。
second-factor-is-off = 双重验证已关闭。
second-factor-end = 关闭
recovery-left = { $count ->
    [0] 恢复码已用完。请尽早生成新的。
   *[other] 还剩 { $count } 个恢复码。
 }
recovery-new = 生成新的恢复码
recovery-codes = 恢复码
recovery-about = 双重验证已开启。应用不在身边时，每个恢复码可代替验证码登录一次。请立即打印或抄写：它们不会再次显示，之前的恢复码不再有效。
recovery-kept = 我已保存
recovery-code-used = 你使用恢复码登录。{ $left ->
    [0] 这是最后一个：请立即生成新的。
   *[other] 还剩 { $left } 个。
 }
device-title = 在另一台设备上登录
device-about = 在此显示二维码，用另一台设备扫描，再在此确认那台设备。在那里无需输入密码。
device-show = 显示二维码
device-scan = 用另一台设备扫描，或在那里打开 { $address } 并输入下面的代码。两分钟内有效，仅限一台设备。
device-qr = 含有供另一台设备打开的网址的二维码；下面的代码是同样内容的文字。
device-look = 再看一次
device-cancel = 取消
device-asks = 有设备想要登录：{ $name }，来自 { $address }。它显示的数字是：
device-silent = 未说明自己是什么
device-address-unknown = 未知地址
device-is-it = 这是你面前的设备吗？
device-confirm = 是，让它登录
device-refuse = 不是
device-confirmed = 已确认。现在请在另一台设备上按“继续”。
device-done = 另一台设备已登录。
device-refused = 没有设备登录。

## 开始页

begin = 从这里开始
examples = 示例
example-explain = 解释热泵的工作原理，先用一句话，再用五句话
example-plan = 为四个人计划一个围炉的安静周末，其中一人不吃肉
example-write = 写一张友好的便条给邻居：他家的树伸过了我们的围墙
conversations-recent = 最近
site-what = 向模型提问，修改、分支，以后随时回来。对话保存在这台服务器上；问题会发送给你选择的模型。
site-what-without-model = 在此期间可以阅读以前的对话。
setup-demo = 目前只有演示模型：请添加一个真正的模型
setup-none = 没有可用的模型
setup-some = 缺少一些模型
setup-how = 也可以在启动 Inglenook 的文件夹里，把一个提供方写入 Leptos.toml，然后重新启动：
setup-more = 任何使用 OpenAI API 的服务器都可以，例如 OpenAI、OpenRouter、Ollama、llama.cpp 或 vLLM。需要密钥的提供方从环境变量读取：api_key_env = "OPENAI_API_KEY"。
setup-ask-administrator = 目前无法提问。本站管理员可以添加模型。

## 无法连接服务器时

offline-title = 无法连接 Inglenook
offline-sentence = 可能是这台设备没有联网，也可能是服务器目前没有运行。
offline-kept = 保存在服务器上的内容是安全的。服务器恢复后，本页会自动打开。
offline-again = 重试

## 对话

welcome = 你好，{ $name }
conversation-new = 新对话
conversation-menu = 对话菜单
conversation = 这个对话
conversation-more = “{ $title }”的更多操作
conversation-settings = 对话设置
conversation-saved = 这个对话的设置已保存。
more = 更多
field-title = 标题
rename = 重命名
pin = 置顶
unpin = 取消置顶
archive = 归档
unarchive = 取消归档
unarchive-named = 取消归档“{ $title }”
conversation-unarchived = “{ $title }”已回到列表。
delete-conversation-hint = 对话会连同所有消息一起删除，30 天内可以在“全部对话”的“已删除”中恢复。
delete-for-good = 删除
messages-earlier = 更早的消息
messages-newest = 回到最新消息
ask-anything = 有什么想问的？
answers-can-be-wrong = 回答可能有误。{ $keys }
keys-hint = 按 Enter 发送，Shift+Enter 换行。
connection-lost = 正在重新连接…
files-not-yet = 暂不支持添加文件。请把其中的文字复制粘贴到消息里。
message = 消息
model = 模型
model-no-longer-offered = { $model }（已不再提供，请另选模型）
answer-tokens = { $count } 个 token
answer-first-token = 首个 token { $whole }.{ $tenth } 秒
answer-speed = 每秒 { $count } 个 token
send = 发送
stop = 停止
you = 你
answer = 回答
message-at = { $who }，{ $time }
reasoning = 思考过程
answer-failed = 回答生成失败。
answer-interrupted = 回答还没生成完，服务器就停止了。
answer-stopped = 你已停止生成。
answer-cut = 已达到模型的长度上限，回答没有写完。
answer-copy = 复制回答
message-copy = 复制消息
message-edit = 编辑消息
message-delete = 删除消息
show-more = 展开
show-less = 收起
message-delete-hint = 删除这条消息？之后的消息会保留。
your-message = 你的消息
cancel = 取消
send-changed = 发送
write-again = 重新生成
retry = 重试
continue = 继续生成
error-reference = 如果再次出现，请把这个编号告诉管理员：{ $number }
sent-without-first = 模型容纳不下，第一条消息没有发送。
sent-without = 模型容纳不下，最早的 { $count } 条消息没有发送。
sent-newest-only = 模型容纳不下，只发送了最新的消息。
prompt-too-long = 这条消息约有 { $tokens } 个 token，而模型连同回答最多只能处理 { $most } 个。请缩短内容，或换用上下文更大的模型。
prompt-too-long-with-system = 这条消息连同系统提示词约有 { $tokens } 个 token，而模型连同回答最多只能处理 { $most } 个。请缩短内容，或换用上下文更大的模型。

# 由脚本赋予动态效果的对话区与输入框。
answering = 正在回答
answer-complete = 回答完成，共 { $count } 字
copied = 已复制
copy-failed = 浏览器不允许此页面复制。请选中文字，自行复制。
to-latest = 转到最新消息
unseen-messages = { $count } 条新消息
messages = 消息
system-prompt-beyond-context = 仅指令（系统提示词）就约有 { $tokens } 个 token，而模型连同回答最多只能处理 { $most } 个。请缩短对话的指令或设置里的指令，或换用上下文更大的模型。
waiting-for = 正在等待 { $model } … { $count } 秒
question-not-sent = 这个问题还没有发送，已放回下面的输入框。
waits-for-network = 等待网络，恢复后自动发送。
retry-in = { $count } 秒后可重试
extras = 随消息发送
pasted-text = 粘贴的文本，{ $count } 个字符
insert-as-text = 作为文本插入
remove = 移除
reply = 引用回复

## 对话框

model-choose = 选择模型
regenerate-with = 用其他模型重新生成
favourites = 收藏
favourite = 收藏
model-search = 搜索模型
model-none-found = 没有这个名称的模型。
context-thousands = { $count }K 上下文
context-millions = { $count }M 上下文
model-sees = 能看图片
model-thinks = 会思考
model-price = { $input } / { $output } { $currency }
key-send = 发送
key-break = 换行
key-send-always = 发送（任何键盘）
key-edit = 输入框为空时：修改上一个提问
key-escape = 关闭打开的内容，或停止回答
key-palette = 查找对话或操作
key-messages = 上一条和下一条消息
key-messages-single = 下一条和上一条消息
key-outline = 这个对话里的提问
key-end = 转到最新消息
key-pages = 翻页
key-composer = 转到输入框
key-sheet = 显示快捷键
shortcuts-settings = 在设置中关闭单键快捷键
find = 查找
palette-hint = 查找对话或操作
palette-none = 没有找到。
model-is = 模型：{ $model }

## 排队的问题

queue-full = 每个对话最多只能有 { $most } 个问题排队。请删除其中一个，或等其中一个被提问后再试。

## 房间里的消息

room-only = 只有在房间里才能这样做。
room-post = 这是一个房间：请在里面发消息。发给模型的消息会在房间的队列里等候。
room-ask-again = 在房间里，可以再次提出回答所对应的问题：它会在房间的队列里等候。
room-edit = 在房间里，请直接修改消息本身。
room-edit-others = 你只能修改自己写的内容。
room-delete-others = 你可以删除自己的消息，以及你提问得到的回答。其他消息请联系管理者。
room-delete-running = 这个回答还在生成。请等它结束，或停止后再删除。
room-line = 房间里的消息只有一条线，没有分支。
room-restore = 房间里已删除的消息无法恢复。
room-stop-others = 你可以停止自己提问得到的回答。其他回答请联系管理者。
room-continue-others = 你只能继续自己提问得到的回答。
room-queue-others = 你只能从队列里移除自己的问题。其他问题请联系管理者。
room-queue-moderators = 只有管理者可以决定下一个问题。
room-flood = 你发得太快了，请等 { $wait }后再继续。
room-slow = 这个房间限制了成员两条消息之间的间隔，请等 { $wait }后再发送。
mentions-too-many = 一条消息最多可以提到 { $most } 个人。
mention-unknown = 消息提到了不在这个房间里的人，请从成员列表中选择。
reply-unknown = 你回复的消息已被删除，或不在这个房间里。请不带它再发送。

## 对话副本

copy-of = { $title }（副本）
fork-too-long = 这条消息之前的内容太长，无法复制：最多可复制 { $messages } 条消息、{ $most }。请选择更早的消息。

## 临时对话

temporary-no-question = 临时对话必须以你的问题结尾。请写下问题后重新发送。
temporary = 临时对话
conversation-temporary = 临时对话
temporary-note = 这是临时对话：内容不会被保存，离开页面后即消失。
temporary-what = 有什么想问的？
temporary-keep = 保留这个对话
temporary-end = 离开临时对话
temporary-lost = 回答还没生成完，连接就断开了。
temporary-needs-script = 临时对话只存在于你的页面中，因此需要 JavaScript。请启用 JavaScript 后重新加载页面，或开始一个会保存的对话。
temporary-form = 问题没有发出：临时对话需要 JavaScript，而它没有运行。从这里发送，会在一个会保存的对话中提问。
key-temporary = 临时对话（不会保存）
temporary-too-long = 临时对话最多包含 { $most } 条消息。请开始新的对话。
conversation-deleted = 对话已删除
conversation-archived = 已归档
message-deleted = 消息已删除
undo = 撤销
queue = 排队的问题
queue-send = 立即发送；正在进行的回答会停止
queue-up = 提前
queue-waits-until = 等明天的额度，{ $time } 恢复后提问。
queue-waits = 上一个回答没有正常结束，这些问题在等待。
queued-question = 排队的问题
fork = 从这里分叉
unread = 有新回答
running = 正在回答

## 输入框的工具

tools = 指令与参数
tools-differ = 指令与参数：有些不是默认值
tools-for-all = 指令与参数
tools-for-all-hint = 它们适用于所有没有另作设置的对话。对话开始后，此按钮只更改该对话。
context = 上下文
context-used = 约已使用 { $of } 个 token 中的 { $used } 个
context-full = 已用 { $percent }%
context-full-hint = 模型的上下文快满了，最早的消息很快将不再发送：请开始新对话，或减少发送的轮数。
context-instructions = 其中指令约占 { $count } 个，每次提问都会发送。
context-turns = 只发送最近 { $count } 个问题及其回答，更早的内容不发送。
context-left-out = 上下文放不下，上次提问时省略了最早的 { $count } 条消息。
context-what = 上下文是模型一次能看到的全部内容：指令、问题和回答。
context-unknown = 无法得知这个对话占用了模型多少上下文。

## Administration

administration = 管理
people = 用户
people-all = 全部用户
people-count = { $count } 位用户
people-more = 更早的
people-none = 没有这个名字的用户。请搜索姓名或地址的其他部分。
people-search = 搜索姓名和地址
person-access = 登录
person-data = 其内容
person-data-erase = 一并删除
person-data-keep = 继续保存，但无人能打开
person-delete = 删除账号
person-delete-confirm = 请在此输入 { $login } 以确认。
person-delete-hint = { $name } 会在所有设备上退出，并且无法再登录。此操作无法撤销。
person-delete-not-confirmed = 这不是此人的登录名。请按上方所示输入。
person-delete-now = 永久删除
person-deleted = 账号已删除。
person-disable = 停用账号
person-disable-hint = 停用的账号无法登录，其会话和 API 密钥立即失效；此人的内容会保留。
person-disabled = 已停用
person-enable = 启用账号
person-enable-hint = 此账号已停用。启用后，此人可以像以前一样登录。
person-last-seen = 最近在线
person-leaves = 将被删除
person-leaving = 即将离开
person-login = 登录名
person-never = 从未
person-own = 这是你自己的账号。其他管理员可以停用或删除它。
person-registered = 注册时间
person-role = 角色
person-role-hint = 管理员管理用户和网站，但无法阅读他人的内容。
person-role-save = 保存角色
person-saved = 账号已更改。
person-seen = { $day }
person-since = 自 { $date }
person-you = 你
last-admin = 这是最后一位管理员。请先让另一位用户成为管理员。
reset-link = 链接
reset-link-gone = 此链接无效或已失效。链接只能使用一次，有效期一天；请向管理员索取新的链接。
reset-link-hint = 此人可用一次性链接设置新密码。链接有效期一天，只显示一次。
reset-link-made = 请把此链接交给此人。它只能使用一次，有效至明天此时，之后不再显示。
reset-link-make = 生成设置新密码的链接
reset-of-disabled = 此账号已停用。请先启用。
reset-password = 新密码
reset-password-now = 设置密码
reset-password-of = 用于登录名为 { $login } 的账号。其所有其他会话将结束。

## Leaving

settings-data = 你的数据
export = 导出全部数据
export-about = 将你在此的全部内容打包为 ZIP 文件：你的账号，以及每个对话的所有版本，既有便于阅读的 Markdown，也有供程序使用的 JSON。已归档的对话和仍可恢复的对话也包含在内。导出在后台进行，文件保留 7 天。
export-make = 开始导出
export-make-again = 重新导出
export-under-way = 已有一个导出正在进行。请等待其完成，或先将其停止。
export-waiting = 导出即将开始。
export-progress = 已导出 { $done } / { $total } 个对话。
export-look = 刷新进度
export-stop = 停止
export-ready = { $made } 的导出已完成，大小 { $size }，保留至 { $date }。
export-download = 下载
export-remove = 删除导出文件
export-removed = 导出文件已删除。
export-failed = 导出失败。请重试；如果仍然失败，请联系本站管理员。
export-no-room = 服务器空间不足，无法完成导出。请联系本站管理员清理空间后再试。
export-archived = 此对话已归档。
export-deleted = 此对话已删除，仍可恢复。
export-answer = 回答
account-delete = 删除账号
account-delete-hint = 你的账号及你写的所有内容将在 14 天后删除。在此之前一切照常，你可以随时改变主意。之后一段时间内，只有审计日志中还保留你的名字。
account-delete-now = 14 天后删除我的账号
account-keep = 保留我的账号
account-leaves = 你的账号将在 14 天后删除。
account-leaves-on = 你的账号及你写的所有内容将于 { $date } 删除。
account-stays = 你的账号已保留。
account-leaving = 你的账号将于 { $date } 删除

## 审计日志

audit = 审计日志
audit-signed-in = 登录
audit-sign-in-refused = 登录被拒绝
audit-signed-out = 退出登录
audit-registered = 注册
audit-password-changed = 修改密码
audit-session-ended = 设备被退出登录
audit-key-made = 创建 API 密钥
audit-key-ended = 停用 API 密钥
audit-second-factor-on = 开启双重验证
audit-second-factor-off = 关闭双重验证
audit-recovery-code-used = 使用恢复码
audit-role-changed = 更改角色
audit-disabled = 停用账号
audit-enabled = 启用账号
audit-reset-link-made = 生成重置链接
audit-deleted = 删除账号
audit-code-made = 生成代码
audit-code-ended = 停用代码
audit-code-used = 使用代码
audit-tier-changed = 更改等级
audit-provider-changed = 更改模型服务
audit-registration-changed = 更改注册方式
audit-settings-changed = 更改设置
audit-export-made = 请求导出全部数据
audit-login-changed = 更改邮箱
audit-leave-asked = 请求删除自己的账号
audit-stayed = 保留账号
audit-as-its-owner-asked = 应账号主人的请求
audit-by-command = 通过服务器上的命令
audit-kind = 事件
audit-kind-all = 全部事件
audit-person = 用户的邮箱或登录名
audit-none = 没有符合条件的记录。
audit-older = 更早的记录
audit-export = 导出为 CSV 表格
audit-times = { $count } 次
audit-by = 操作人：{ $name }
audit-to = 对象：{ $name }
audit-account-unknown = 本站没有这个账号

## 设备和 API 密钥

settings-devices = 设备和 API 密钥
devices = 设备
device-unknown = 未知设备
device-this = 当前设备
device-seen = 最近使用：{ $time }
device-end = 退出登录
device-end-named = 让 { $name } 退出登录
devices-end-others = 让其他所有设备退出登录
device-ended = 该设备已退出登录。
devices-ended = 其他所有设备已退出登录。
api-keys = API 密钥
api-keys-hint = 程序可以用密钥代替密码使用你的账号。请为每个程序单独创建密钥。
key-new = 新密钥
key-name = 密钥用途
key-name-hint = 最多 { $most } 个字符，例如程序的名称。
key-scope = 程序可以做什么
scope-read = 读取对话
scope-chat = 读取、提问和修改对话
scope-all = 你能做的一切
key-days = 有效天数
key-days-hint = 留空表示密钥不会自动失效。
key-make = 创建密钥
key-made = 密钥“{ $name }”已创建。请立即复制，之后不会再显示。
key-text = 新密钥
key-used = 最近使用：{ $time }
key-unused = 从未使用
key-expires = 失效时间：{ $time }
api-key-end = 停用
key-end-named = 停用密钥 { $name }
key-ended = 密钥已停用。
key-name-not-valid = 请为密钥输入 1 到 { $most } 个字符的名称，不能换行。
key-days-not-valid = 请输入 1 到 { $most } 之间的整数天数，或留空。
key-scope-missing = 请选择程序可以做什么：read、chat 或 all。
key-not-here = API 密钥不能执行此操作，请在浏览器中登录。
error-scope-too-small = 此操作需要权限为“{ $needed }”的密钥。请在“设置 → 设备和 API 密钥”中创建。
audit-devices = { $count } 台设备
audit-key-scope = 权限：{ $scope }
audit-role = 现为：{ $role }
audit-by-link = 通过重置密码链接
## Codes: invitations and activation codes

code-refused = 此代码无效或已失效。请向给你代码的人再要一个。
code-used-by-you = 你已经用过此代码，它给的东西你已经拥有。
code-gives-nothing = 此代码供还没有账号的人使用，对你没有作用，也没有被使用。
code-gives-tier = 你将获得等级“{ $tier }”，{ $until }。
code-redeemed = 你的等级是“{ $tier }”，{ $until }。
code-without-use = 请选择一个等级：没有等级的激活码没有用处。
code-redeem = 兑换代码
code-redeem-label = 你拿到的代码
code-replace = 即使它给的是另一个等级，也用它取代我现有的等级
join = 邀请
join-invited = 你受到了邀请
join-what = 你可以用此邀请在这里创建账号。
join-as-admin = 你将成为管理员。
join-have-account = 已有账号？{ $link }
join-type = 输入邀请码
join-type-about = 请输入卡片上的代码或别人告诉你的代码，也可以粘贴链接。
field-invitation = 邀请码
invitation-hint = 大小写、空格和短横线都没有关系。
invitation-continue = 继续
codes = 邀请与代码
codes-make = 制作代码
codes-make-now = 制作代码
codes-none = 还没有代码。
codes-older = 更早的代码
codes-new = 新代码
codes-made = 已制作 { $count } 个代码。
codes-once = 代码只在现在显示，以后不再显示：请复制、把本页打印成卡片，或向全场展示其中一个。五分钟内可以再次打开本页。
codes-gone = 这些代码不能再显示了。如果没有人拿到，请将其停用并重新制作。
codes-all = 所有代码
code-kind = 种类
code-kind-hint = 邀请用来创建账号；激活码给已有账号的人一个等级。
code-invitation = 邀请
code-activation = 激活码
codes-count = 代码数量
code-uses = 每个代码可供多少人使用
code-days = 有效天数
code-days-hint = 留空：直到你将其停用。
code-tier = 给予的等级
code-tier-none = 无
code-tier-days = 等级持续天数
code-tier-days-hint = 留空：不会结束。
code-role = 用它注册的人的角色
code-label = 标签（供自己查看）
code-invites = 邀请
code-invites-admin = 管理员邀请
code-tier-for = 等级“{ $tier }”，{ $days }
code-tier-for-good = 等级“{ $tier }”，永久
code-used-of = 已使用 { $used } / { $uses }
code-made-on = 制作于 { $date }
code-expires-on = 有效期至 { $date }
code-end = 停用
code-ended = 代码已停用。用过它的人保留已获得的东西。
code-used-by = 使用者
code-used-by-more = 以及另外 { $count } 人
code-live = 有效
code-used-up = 已用完
code-expired = 已过期
code-was-ended = 已停用
code-qr = { $code } 的二维码
code-show = 向全场展示
person-gone = 已不存在的账号
count-people = 有 { $count } 人拥有它
count-codes = 有 { $count } 个有效代码给予它

## Tiers and what they allow

tier = 你的等级
tier-default = 所有人
tier-named = { $name }
tier-until = 有效期至 { $date }
tier-without-end = 永久有效
tier-for-days = 为期 { $days }
tier-ends-on = 有效期至 { $date }
tier-for-good = 你已经拥有等级“{ $tier }”，而且它不会结束。代码没有被使用。
tier-would-end = 你的等级是“{ $present }”，{ $until }。此代码会用等级“{ $tier }”取代它，{ $then }。
tier-none-has-no-days = 只有指定等级时才能填写天数。请留空，或选择一个等级。
tier-unknown = 没有这个等级。请选择一个现有的等级。
tiers-too-many = 已有 { $most } 个等级，不能再多。请先删除一个。
tier-default-stays = 没有其他等级的人都使用此等级，因此不能删除。
tier-name-taken = 另一个等级已使用此名称。
tier-in-use = 此等级还不能删除：{ $people }，{ $codes }。
tier-models-too-many = 一个等级最多可列出 { $most } 个模型。
tier-name-not-valid = 等级需要一个名称，不超过 { $most } 个字符，且只占一行。
label-not-valid = 标签不超过 { $most } 个字符，且只占一行。
number-too-large = 此处最大为 { $most }。
number-between = 请选择 { $least } 到 { $most } 之间的整数。
number-not-valid = 请输入整数。
tiers = 等级
tiers-hint = 等级规定可以使用什么。用代码把等级给某人。
tiers-all = 所有等级
tier-new = 新等级
tier-default-hint = 没有其他等级的人都使用此等级。
tier-delete = 删除等级
tier-delete-hint = 只有无人拥有、也没有代码给予的等级才能删除。
tier-limit-models = { $count } 个模型
tier-limit-messages = 每天 { $count } 个回答
tier-limit-tokens = 每天 { $count } 个 token
tier-limit-rooms = { $count } 个房间
tier-limit-megabytes = { $count } MB 文件
tier-no-limits = 没有限制
tier-empty-hint = 留空表示没有限制。每天从 UTC 零点开始。
tier-messages = 每天的回答数
tier-tokens = 每天的 token 数
tier-rooms = 可创建的房间数
tier-megabytes = 文件（MB）
tier-which-models = 可用的模型
tier-all-models = 全部模型
tier-some-models = 仅限以下模型
tier-models-of-all = 已选择“全部模型”。请选择“仅限以下模型”，或清空列表。
tier-models = 模型，每行一个
tier-models-offered = 可用的模型
tier-make = 创建等级
tier-save = 保存等级
tier-saved = 等级已保存。
tier-saved-without = 等级已保存。目前没有模型服务提供 { $models }。
tier-deleted = 等级已删除。
budget-messages-used = 今天的回答：{ $used } / { $most }
budget-tokens-used = 今天的 token：{ $used } / { $most }
budget-messages = 今天的 { $most } 个回答已用完，{ $wait }后会有新的。
budget-tokens = 今天的 { $most } 个 token 已用完，{ $wait }后会有新的。
title-budget-used-up = 今天的额度已用完

# 谁可以注册，以及管理员给予某个人的权限。

registration = 注册
registration-who = 谁可以注册
registration-open = 能访问本站的所有人
registration-invite = 持有邀请的人
registration-closed = 无人
registration-email = 新账号需要
registration-email-required = 邮箱地址
registration-email-optional = 邮箱地址或用户名
registration-invitations = 在{ $link }中创建邀请。
registration-save = 保存
registration-saved = 你的选择现已生效。
registration-is-fixed = { $value }：由服务器配置（{ $key }）决定，因此无法在此更改。
registration-fixed = 此项由服务器配置决定：{ $key }。请在配置中更改。
field-email-or-name = 邮箱或用户名
login-not-valid = 请输入邮箱地址，或由 { $least } 到 { $most } 个字母、数字、点、短横线或下划线组成的用户名。
login-taken = 该用户名已被使用。请换一个；如果是你的账号，请直接登录。
keys-too-many = 你已有 { $most } 个 API 密钥，达到上限。请先停用不再需要的密钥。
person-tier = 等级
person-tier-none = 此人没有自己的等级，适用所有人的规定。
person-tier-for-good = { $tier }，永久有效。
person-tier-until = { $tier }，有效期至 { $date }。
person-tier-choose = 给予
person-tier-give = 给予等级
person-tier-no-others = 还没有其他等级。请在{ $link }中创建。
person-second-factor-hint = 此人登录时需要验证码。如果丢失了验证器和恢复码，你可以将其关闭。
person-second-factor-end = 关闭双重验证
person-second-factor-ended = 此人现在登录时不再需要验证码。
audit-tier-given = 给予：{ $tier }

## Providers of models, as administrators change them

admin-models = 模型
providers = 模型服务
providers-hint = 模型服务是回答问题的服务器。配置文件中的排在前面；其余的在这里添加，立即生效。
providers-none = 还没有模型服务。在下面添加一个，它的模型马上就能使用。
providers-all = 全部模型服务
providers-tiers = 设置各等级可以使用的模型
providers-new = 添加模型服务
providers-configured = 来自配置文件
providers-inside = 位于内部网络
providers-has-key = 已有密钥
providers-up = 上移 { $provider }
providers-down = 下移 { $provider }
providers-waiting = 尚未查询它的模型。
providers-models = { $count } 个模型
providers-models-shown = 模型及可以使用它们的等级
providers-hidden = 配置文件中有同名的模型服务，系统使用的是那一个。请改名或删除。
providers-key-lost = 服务器的密钥种子已更换，无法再读取这个 API 密钥。请重新填写。
providers-key-for-new-address = 这个地址属于另一台服务器。请填写它的密钥：现有密钥不会发送到那里。
model-of-every-tier = 所有等级
model-of-no-tier = 没有等级
providers-url = API 地址
providers-url-hint = 例如 https://api.openai.com/v1 或 http://localhost:11434/v1，也可以是内部网络的地址。
providers-name-hint = 字母、数字、点、短横线和下划线。模型的编号以它开头。
providers-label = 显示名称
providers-label-hint = 可以留空：按名称显示。
providers-key = API 密钥
providers-key-hint = 服务器不需要密钥时可以留空。密钥加密保存，不会再显示。
providers-key-kept = 已有密钥。留空则保留。
providers-key-again = 请再次填写密钥：页面不会保留它。
providers-key-kept-again = 已有密钥，留空则保留。如果你填写了新的密钥，请再填一次：页面不会保留它。
providers-models-again = 列表太长，无法再次显示。请重新填写。
providers-key-remove = 不再发送密钥
providers-models-named = 要提供的模型，每行一个（留空：向服务器查询）
providers-context = 上下文长度（token）
providers-context-hint = 留空：以服务器给出的为准。
providers-sees-words = 用户向其模型提出的一切内容都会发送给该服务器。保存之前会先查询它的模型。
providers-add = 测试并添加
providers-save = 测试并保存
providers-save-anyway = 仍然保存
providers-saved = 模型服务已保存，可以使用它的模型了。
providers-moved = 顺序已保存。
providers-removed = 模型服务已删除。
providers-remove = 删除模型服务
providers-remove-summary = 删除……
providers-remove-hint = 它的模型不再提供。对话会保留，正在生成的回答会完成。它的密钥会被删除。
providers-name-not-valid = 名称最多 { $most } 个字母、数字、点、短横线或下划线。
providers-name-demo = Inglenook 自带的模型使用这个名称，请换一个。
providers-name-taken = 另一个模型服务已使用这个名称。
providers-label-not-valid = 最多 { $most } 个字符，且只能有一行。
providers-url-not-valid = 请填写以 http:// 或 https:// 开头、最多 { $most } 个字符的地址。
providers-url-too-much = 地址中不能有用户名、密码、? 和 #。密钥有单独的字段。
providers-key-not-valid = 密钥最多 { $most } 个字母、数字和符号，不含空格。
providers-models-too-many = 一个模型服务最多列出 { $most } 个模型。
providers-context-not-valid = 上下文长度应在 { $least } 到 { $most } 个 token 之间。
providers-too-many = 已有 { $most } 个模型服务，不能再添加。请先删除一个。
providers-order-not-whole = 顺序必须包含每个已添加的模型服务，且各一次。
audit-provider-added = 已添加
audit-provider-edited = 已更改
audit-provider-removed = 已删除
audit-provider-order = 已更改顺序
model-for-everybody = 等级允许的所有人
model-for-admins = 仅管理员
model-for-nobody = 任何人都不能用
model-who = 谁可以使用 { $model }
model-choices-too-many = 一次最多更改 { $most } 个模型。
models-chosen = 选择已保存，从下一个问题起生效。
default-model = 默认模型
default-model-none = 尚未选择：新对话使用各人可用的第一个模型。
default-model-hint = 请在上方模型服务的模型列表中选择。之前选过模型的人不受影响。
default-model-fixed = 此项由服务器配置决定（chat.default_model）。
default-model-for-nobody = 任何人都不能使用这个模型，因此不能设为默认。
default-model-make = 设为默认
default-model-remove = 不设默认模型
audit-model-default = 默认模型：{ $model }
audit-model-no-default = 不设默认模型
usage = 用量
usage-hint = 按模型统计的用量，以 UTC 日计。这里看不到任何人写的内容。
usage-period = 时段
usage-days = { $days ->
    [1] 今天
   *[other] { $days } 天
}
usage-none = 这段时间没有用量。
usage-said = { $messages } 个回答，{ $tokens } 个 token
usage-earlier = 按模型统计之前
usage-people = 各人用量
usage-people-more = 还有 { $count } 人。
usage-gone = 已删除的账号
person-usage = 30 天内的用量
setup-add = 在浏览器中添加模型服务

# Sign-in through providers
sign-in-with = 通过 { $name } 登录
sign-in-way-going = 正在前往 { $name }
sign-in-way-back = 返回登录页
sign-in-way-old = 用时过长，或不是在此浏览器中开始的。请重新登录。
sign-in-way-cancelled = 你没有在那里完成登录，一切未变。
sign-in-way-away = { $name } 暂时没有响应。请稍后再试，或换一种方式登录。
sign-in-way-wrong = { $name } 的答复不可信，因此没有登录。请重试；若仍如此，请告知管理员。
sign-in-way-stale = { $name } 没有表明你刚刚在那里验证过身份。请在此使用密码，或退出后重新登录。
sign-in-way-has-account = 此邮箱地址已有账号。请用密码登录，然后在“设置”的“登录”中关联。
identities = 通过其他服务登录
identities-about = 关联后，无需密码即可登录。
identities-none = 尚未关联任何服务。
identity-connect = 关联 { $name }
identity-connected = 已关联，今后可以用它登录。
identity-disconnect = 取消关联 { $name }
identity-disconnect-short = 取消关联
identity-gone = 已取消关联。
identity-last = 这是你唯一的登录方式。请先设置密码。
identity-taken = 它已与一个账号关联。
identity-not-yours = 你在那里登录的身份没有与此账号关联。
proof-sign-in-anew = 请先退出，再重新登录。这样十分钟内即为已证明。
proof-sign-in-again = 请先退出，再用双重验证重新登录。这样十分钟内即为已证明。
password-none = 你还没有密码。若登录已有一段时间，会先请你证明身份。
audit-identity-connected = 关联登录服务
audit-identity-disconnected = 取消关联登录服务
audit-through = 通过 { $name }

## Rooms

rooms = 房间
room = 房间
rooms-all = 全部房间
rooms-more = 更多房间
rooms-unread = { $count } 个房间有新消息
rooms-nothing = 在房间里，大家和模型一起聊。为你的团队、班级或家人建一个，或者加入别人建的房间。
rooms-listed = 可以加入的房间
rooms-search = 搜索公开的房间
rooms-none-found = 没有名称含有这些字的公开房间。
rooms-none = 你的等级不能创建房间，但可以加入别人的房间。
rooms-no-more = 你拥有的房间已达等级上限。请先删除或移交一个。
rooms-too-many = 你的等级最多可拥有 { $most } 个房间。请先删除或移交一个。
room-new = 新建房间
room-make = 创建房间
room-about = 房间里的人能看到其中的全部内容，包括加入之前写下的。
room-have-code = 我有邀请码
room-name = 名称
room-name-missing = 房间需要一个名称。
room-topic = 主题
room-topic-hint = 用一句话说明房间聊什么；可以留空。
topic-too-long = 主题最多 { $most } 个字符，且只能有一行。
room-initial = 头像文字
room-initial-hint = 一两个字或一个表情。留空则取名称的第一个字。
room-listed = 谁能找到
room-listed-no = 只有拿到链接或邀请码的人
room-listed-yes = 这里所有已登录的人
room-answers = 模型何时回答
room-answers-mention = 被提到时：@model
room-answers-always = 每条消息
room-answers-asked = 用按钮提问时
room-model = 模型
room-model-default = 本站的默认模型
room-payer = 回答计入谁的额度
room-payer-asker = 提问的人
room-payer-owner = 房间的所有者
room-pause = 成员两条消息之间的秒数
room-pause-hint = 0 表示不限制。管理员不受限制。
room-instructions-hint = 模型在这个房间里每次回答都会收到这些说明。成员看不到。
room-settings = 房间设置
room-save = 保存
room-saved = 房间已更改。
room-owner = 所有权
room-hand-over = 移交
room-hand-over-hint = 你可以把房间移交给一位成员：
room-hand-over-about = 从此房间归对方所有，你仍是管理员。
room-handed-over = 房间现在归 { $name } 所有。
room-delete = 删除房间…
room-delete-hint = 房间及其全部内容对所有人消失。你可以在 30 天内从“全部对话”中恢复。
room-delete-now = 对所有人删除
room-deleted = 房间已删除。
room-open = 打开房间
room-join = 加入
room-join-named = 加入“{ $name }”
room-join-unnamed = 加入房间
room-invited = 有人邀请你加入一个房间。有了账号就能直接进入。
room-is-member = 你已经在这个房间里了。
room-banned = 这个房间的管理员已将你封禁。
room-full = 这个房间的人数已满。
room-owner-stays = 这个房间归你所有。离开之前，请先移交给别人或将其删除。
room-left = 你已离开房间。
room-leave = 离开房间…
room-leave-hint = 你将看不到房间里的任何内容，你写下的会保留。除非房间是公开的，否则回来需要邀请码。
room-leave-now = 离开
room-member-count = { $count } 位成员
room-unread = { $count } 条新消息
room-mentions = { $count } 条消息提到你
room-members = 成员
room-own-part = 你在这个房间
room-notify = 通知我
room-notify-all = 所有消息
room-notify-mentions = 提到我的消息
room-notify-nothing = 不通知
room-notify-saved = 已保存。
members-search = 搜索名字
members-none = 没有以此开头的名字。
members-more = 更多成员
members-banned = 被封禁的人
members-none-banned = 没有人被封禁。
member-owner = 所有者
member-moderator = 管理员
member-member = 成员
member-reader = 只读
member-since = { $date } 加入
member-change = 更改 { $name }
member-role = 角色
member-role-save = 保存角色
member-changed = { $name } 的角色已更改。
member-remove = 移出
member-remove-hint = 对方将看不到房间的内容，凭邀请码可以再回来。
member-removed = 已移出 { $name }。
member-ban = 封禁
member-ban-hint = 封禁解除之前，对方不能回来。
member-ban-hide = 隐藏对方写过的内容
member-banned = 已封禁 { $name }。
member-unban = 解除封禁
member-unbanned = { $name } 可以回来了。
member-act-unknown = 没有这样的成员操作。
room-invite = 邀请
room-invite-make = 新的邀请
room-invite-about = 打开链接或输入邀请码的人会作为成员加入房间。
room-invite-now = 生成邀请
room-code-new = 你的新邀请
room-code-once = 请现在复制或出示：之后不再显示。
room-codes = 有效的邀请
room-codes-none = 没有。
room-codes-too-many = 一个房间同时最多有 { $most } 个有效邀请。请先结束一个。
code-into-room = 通向一个房间
code-room = 房间邀请
room-write = 在 { $name } 中发言
room-write-mention = 在 { $name } 中发言；@model 可向模型提问
room-write-always = 在 { $name } 中发言；模型会回答
room-only-read = 你在 { $name } 中只能阅读
room-ask = 问模型
room-read = 读了 { $time } 以来的 { $count } 条消息
room-read-from = 转到第一条
room-paid-by = 计入 { $name } 的额度
room-paid-by-owner = 计入房间所有者的额度
message-sending = 正在发送…
message-take-back = 收回
try-again = 重试
message-edited = （已编辑）
message-erased = 这条消息已删除。
message-hidden = 已隐藏：作者已被封禁。
message-erase-hint = 对所有人删除这条消息？原处会留下标记。
message-save = 保存消息
