# 简体中文。语法说明：https://projectfluent.org/fluent/guide/
# 每种语言一个文件，文件名即语言标签；开头两行是它在语言列表中的名称，以及每三位数字之间的分隔符。
language-name = 简体中文
number-group = ,

## 登录

sign-in = 登录
sign-in-new-here = 还没有账号？
sign-in-have-account = 已有账号？
register = 注册账号
register-now = 注册
register-first = 你是这里的第一位用户，此账号将成为管理员。
register-private = 你的对话只有你自己能看到。
register-closed = 本站未开放注册，请联系管理员。
field-name = 名字
field-email = 邮箱
field-password = 密码
password-hint = 至少 { $least } 个字符。

## 语言

language = 语言
language-choose = 选择语言
language-as-browser = 跟随浏览器
language-save = 保存语言

## 消息操作

versions = 版本
version-previous = 上一个版本
version-next = 下一个版本

## 错误：对话与模型

conversation-busy = 这里还有回答正在生成。请等它结束，或停止后再发送。
