# Sentences in English. The guide to the syntax: https://projectfluent.org/fluent/guide/
# A file for a language stands alone: the name of the file is its tag, and the first two lines say what it is
# called in the list of languages and what stands between groups of three digits.
language-name = English
number-group = ,

## Signing in

sign-in = Sign in
sign-in-new-here = New here? { $link }
sign-in-have-account = Have an account? { $link }
sign-in-invited = Were you given a code? { $link }
sign-in-board = Read what is new without signing in: { $link }
register = Create an account
register-now = Create account
register-first = You are the first here: this account will be the administrator’s.
register-first-link = Nobody has an account here yet. The first one is made with the link that stands in the terminal or the log of the server, from when it started.
code-too-long = A code has at most { $most } characters. Open the whole link, or type the code as it stands.
register-first-link-wrong = This link is not valid any more. The newest one stands in the terminal or the log of the server, from when it started.
register-link-used = This link has been used. Sign in if you have an account; otherwise open the page for registering without it.
register-without-link = Create an account without this link
register-invite = You need an invitation to register here. Ask somebody who is in already.
register-private = Your conversations are yours alone.
register-closed = Registration is closed here. Ask the administrator to open it.
field-name = Name
field-email = E-mail
field-password = Password
strength-weak = Weak: somebody who tries what is usual finds it soon.
strength-fair = Fair: it holds for a while. More words make it better.
strength-good = Good: it holds for years.
strength-strong = Strong: nobody finds it by trying.
password-hint = At least { $least } characters.
code-title = Your second factor
code-about = The password is right. Now a code of your app, please.
code-use-recovery = Use a recovery code
sign-in-as-another = Sign in as somebody else
field-code = Code
field-code-app = Code of six digits
code-hint = The six digits of your app, or one of your recovery codes.
code-hint-app = Your app shows a new one every 30 seconds.
device-enter-title = Sign in from another device
device-enter-about = Where you are signed in already, open Settings, Sign-in, Sign in on another device. Scan the QR code there with this device, or type its code here.
field-device-code = Code from the other device
device-ask = Ask to sign in here
device-by-password = Sign in with a password
device-here-about = This code signs you in here once you have confirmed it on the device that shows it.
device-waiting = Confirm on the other device that this one shows the number:
device-continue = Continue
device-continue-as = It is confirmed. Continue as { $login }.
device-signed-in = You are signed in here already.

## Language

language = Language
language-choose = Choose a language
language-as-browser = As the browser says
language-save = Save language
language-saved = Your language is saved.

## What is done with a message

versions = Versions
version-previous = Previous version
version-next = Next version

## Sizes and times, as parts of sentences

size-bytes = { $count } bytes
size-kilobytes = { $count } KB
size-megabytes = { $count } MB
size-megabytes-tenths = { $whole }.{ $tenth } MB
duration-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
 }
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
 }
duration-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
 }
duration-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
 }

## Errors: headings

title-signed-out = Signed out
title-not-signed-in = Not signed in
title-not-allowed = Not allowed
title-not-found = Not found
title-method-not-allowed = Method not allowed
title-websocket-only = For WebSockets only
title-conflict = Conflict
title-too-slow = Too slow
title-too-large = Too large
title-unsupported-media-type = Unsupported media type
title-another-address = Another address
title-not-valid = Not valid
title-too-many-requests = Too many requests
title-too-many-answers = Too many answers
title-internal = Something went wrong
title-disk-full = Disk full
title-not-available = Not available

## Errors: what went wrong

error-signed-out = Your session has ended. Sign in to go on.
error-wrong-credentials = That e-mail and password do not match. Try again, or ask your administrator for a new password.
error-not-found = There is nothing here. It may have been deleted, or belong to somebody else.
error-method-not-allowed = This address does not take that method.
error-upgrade-required = This address is for WebSockets. Open it with the WebSocket protocol, version 13.
error-too-slow = This did not arrive in time. Check your connection and send it again.
error-too-large = That is too large: at most { $most } is taken here.
error-too-long = Your message is too long: it may have at most { $most }. Shorten it and send it again.
error-too-long-by = Your message is too long ({ $size } of at most { $most }). Shorten it and send it again.
error-unsupported-media-type = Send this as { $wanted }.
error-idempotency-key-reused = This Idempotency-Key was used for something else within the last day. Send another key with another question.
error-too-many = Too many tries. Wait { $wait } and try again.
error-too-many-answers = { $most ->
    [one] You have one answer being written. Wait until it has ended, or stop it.
   *[other] You have { $most } answers being written. Wait until one has ended, or stop one.
 }
error-internal = Something went wrong on our side. It has been noted; please try again.
error-unavailable = The database does not answer at the moment. Nothing is lost; please try again in a few seconds.
error-stopping = The server is restarting. Nothing is lost; please try again in a few seconds.
error-overloaded = Many people are signing in right now. Try again in a few seconds.
error-storage-full = This server’s disk is full, so nothing new can be stored. What was stored is safe. Ask the administrator to make room, then try again.
error-storage-lost = This server has lost its database file, so nothing can be stored or read. Ask the administrator, then try again.
error-unreachable = The server cannot be reached. Check your connection and try again.
error-second-factor-required = This account has a second factor. Send a code of its app, or a recovery code, along with the password.
error-proof-required = Prove again who you are: this change is sensitive, and your last proof is more than ten minutes ago.

## Errors: requests

form-incomplete = The form does not fit: { $cause }.
form-not-text = The form is not text in UTF-8. Send it again as a browser does.
body-broke-off = The body broke off.
body-not-object = The body is not a JSON object.
body-not-json = The body is not JSON: { $cause }.
body-does-not-fit = The body does not fit: { $cause }.
query-not-understood = The parameters after the question mark are not understood.
query-not-a-number = { $name } is a whole number.
query-not-a-truth = { $name } is true or false.
query-not-an-event = { $name } is the number of an event.
query-not-one-of = { $name } is one of: { $words }.
header-not-ascii = { $name } takes letters, digits and signs of ASCII.
idempotency-key-too-long = An idempotency key has at most { $most } bytes.
site-elsewhere = This site is not at { $asked }. Its address is { $address }.
site-not-set-up = This server was not set up to be reached as { $asked }. If you run it, set INGLENOOK_PUBLIC_URL to the address that people type.
site-wants-https = Open this site with https: { $address }.
host-unreadable = an unreadable host
request-from-elsewhere = This request came from another site, so it was not carried out.
request-from-page-elsewhere = This request came from another site, so it was not carried out. The page was opened at { $page }, and this server was asked as { $asked }. If that page is this site, its operator sets INGLENOOK_PUBLIC_URL to { $page }.

## Errors: accounts

email-taken = There is an account with this e-mail address. Sign in instead.
email-not-valid = Enter an e-mail address such as lin@example.org.
name-unseen = Leave out of the name what cannot be seen, and signs that turn the writing round.
name-not-valid = Choose a name of at most { $most } characters, on one line.
password-too-long = Choose a password of at most { $most } characters.
password-too-short = Choose a password of at least { $least } characters.
password-guessable = That password is one of the first that somebody would guess. Choose another: three or four words that do not belong together make a good one.
password-wrong = That is not your current password.
password-missing = Give the current password too.
new-password-missing = Give the new password too.
language-unknown = This site speaks: { $known }.
code-wrong = That code is not right, or was used before. Take the newest one of your app, or a recovery code.
code-wrong-now = That code is not right. Take the newest one of the app that has just scanned the QR code, and see whether the clocks of your phone and of this site are right.
code-missing = Give a code of your app, or a recovery code.
sign-in-again = That took too long, or your account was changed meanwhile. Sign in again.
second-factor-on-already = Your second factor is on already. Switch it off first if you have a new app.
second-factor-off-already = Your second factor is off.
second-factor-not-begun = There is no second factor to confirm. Begin again.
device-link-gone = This code does not count any more: it is more than two minutes old, was used, or another device came first. Show a new one on the device where you are signed in.
device-link-expired = That took longer than two minutes, or the other device gave up. Show a new QR code.

## Errors: conversations and models

search-too-long = Search for at most { $most } characters.
cursor-not-ours = This cursor is not one of ours. Start again without it.
limit-out-of-range = A limit is a number from 1 to { $most }.
title-missing = Give it a title.
title-too-long = A title is one line of at most { $most } characters.
system-prompt-too-long = A system prompt has at most { $most } bytes.
choice-unknown = Choose one of these: { $known }.
favourites-too-many = There are at most { $most } favourite models. Remove one before you add another.
temperature-out-of-range = The temperature is a number from 0 to 2. Leave it empty for the default.
top-p-out-of-range = Top-p is a number from 0 to 1. Leave it empty for the default.
max-tokens-out-of-range = The tokens of an answer are a whole number from 1 to { $most }. Leave it empty for the default.
turns-out-of-range = The turns sent are a whole number from 1 to { $most }. Leave it empty to send all that fit.
reasoning-effort-unknown = The reasoning effort is one of these: { $known }. Leave it empty for the default.
before-unknown = This conversation has no such message.
parent-unknown = This conversation has no message with the id given as parent.
model-name-too-long = A model’s name is one line of at most { $most } characters.
model-unknown = No provider has a model “{ $model }”. Choose another.
model-gone = { $model } is no longer offered. Choose another model.
model-none = There is no model to ask at the moment. Tell your administrator.
    .operator = No model can be asked: no provider answers, or none has a model that can chat. The start page says what each provider answered; check them in the configuration.
message-empty = Write a message first.
not-allowed-here = You may read this conversation, but not change this in it.
conversation-busy = An answer is still being written here. Wait for it, or stop it, and send again.
conversation-at-end-of-time = Nothing can follow this message: its id lies at the end of time. Go back to an earlier one, or begin a new conversation.
only-answers-again = Only an answer can be written again.
only-questions-edited = Only a question can be edited.
only-answers-continued = Only an answer can be continued.
continue-ended = This answer ended by itself, or has no text yet, so it cannot be continued. Ask a further question, or have it written again.
continue-not-newest = The conversation went on after this answer. Only the newest message of the branch on screen can be continued.
question-deleted = The question of this answer was deleted, so it cannot be written again.

## Why an answer failed

answer-too-long = This answer is as long as an answer can be. Ask a further question.
answer-not-kept = This server cannot keep answers at the moment: neither its disk nor its database takes them. Ask the administrator, then try again.
answer-not-taken = The database of this server does not take this answer, so not all of it is kept. Have it written again, or ask the administrator.
# Rows of older versions have only a sentence in English.
earlier-unreachable = { $message }
earlier-refused = { $message }
earlier-overloaded = { $message }
earlier-timeout = { $message }
earlier-broken = { $message }

## What went wrong with a provider of models: each has its name, { $provider }; `.operator` is for who runs the site

provider-proxy-refused = { $provider } cannot be reached. Choose another model, or tell your administrator.
    .operator = { $provider } cannot be reached: the proxy in between wants a name and a password. Write them into HTTP_PROXY or HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT.
provider-proxy-not-used = { $provider } cannot be reached. Try again, or choose another model.
    .operator = { $provider } cannot be reached: { $variable } names a proxy that is not used, only http:// and https:// ones are. Change { $variable }, or name the provider’s host in NO_PROXY.
provider-redirect = { $provider } cannot be asked: its address has changed. Choose another model, or tell your administrator.
    .operator = { $provider } sent us to another address, which is not followed. Check its address (base_url).
provider-bad-key = { $provider } does not let this site in. Choose another model, or tell your administrator.
    .operator = { $provider } refused the key. Check the key of this provider, or choose another model.
provider-no-credit = { $provider } has no credit left for this site. Choose another model, or tell your administrator.
    .operator = { $provider } has no credit left on this account. Top it up, or choose another model.
provider-unknown-model = { $provider } has no model “{ $model }”. Choose another.
provider-unknown-model-or-address = { $provider } has no model “{ $model }”. Choose another.
    .operator = { $provider } has no model “{ $model }”, or its address (base_url) is wrong: most end in /v1. Choose another model, or check the address.
provider-too-long = { $provider } says that this conversation is too long for the model. Start a new one, or choose a model with a larger context.
provider-too-large = { $provider } says that the message is too large. Send a shorter one.
provider-tokens-per-minute = { $provider } takes no conversation of this length for now: it limits how much may be sent in a minute. Try again in { $wait }, start a new conversation, or choose another model.
provider-rate-limit-wait = { $provider } is limiting requests. Try again in { $wait }, or choose another model.
provider-rate-limit = { $provider } is limiting requests. Wait a moment and try again, or choose another model.
provider-filtered = { $provider } did not answer because of its rules for content. Ask in another way.
provider-filtered-late = { $provider } ended the answer because of its rules for content. What came before is kept. Ask in another way.
provider-gave-up = { $provider } gave up waiting for the request. Try again.
provider-in-the-way = { $provider } refused the request because another one is in its way. Try again.
provider-not-accepted = { $provider } did not accept the request. Choose another model, or change the message.
provider-overloaded = { $provider } is overloaded. Try again in { $wait }.
provider-trouble = { $provider } had an error. Wait a moment and try again.
provider-senseless = { $provider } sent an answer that makes no sense. Try again, or choose another model.
    .operator = { $provider } answered in a way that makes no sense. Check its address (base_url).
provider-bad-address = { $provider } cannot be reached. Choose another model, or tell your administrator.
    .operator = { $provider } has an address that is not valid. Check its address (base_url).
provider-unreachable = { $provider } cannot be reached. Try again, or choose another model.
    .operator = { $provider } cannot be reached. Check that it is running and that its address (base_url) is right, then try again.
provider-unreachable-proxy = { $provider } cannot be reached. Try again, or choose another model.
    .operator = { $provider } cannot be reached through the proxy { $proxy }, which HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names. Check the proxy, or name the provider’s host in NO_PROXY.
provider-no-secure-client = { $provider } cannot be reached. Choose another model, or tell your administrator.
    .operator = { $provider } cannot be reached: this server could not set up secure connections.
provider-closed-early = { $provider } closed the connection without a proper answer. Try again.
provider-closed-early-proxy = { $provider } cannot be reached. Try again, or choose another model.
    .operator = { $provider } closed the connection of the proxy { $proxy } without a proper answer. Try again.
provider-not-https = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } does not answer in https. Check whether its address (base_url) should begin with http://.
provider-tls-refused = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } refused the secure connection. Check that its address (base_url) is right.
provider-certificate-expired = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } has a certificate that has expired. Renew the certificate on that server.
provider-certificate-not-yet = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } has a certificate that is not valid yet. Check the clocks of both servers.
provider-certificate-name = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } has a certificate for another name than the one in its address (base_url). Write the name that is in the certificate.
provider-certificate-revoked = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } has a certificate that was revoked. Replace the certificate on that server.
provider-certificate-not-trusted = { $provider } cannot be reached securely. Choose another model, or tell your administrator.
    .operator = { $provider } has a certificate that this server does not trust: it is self-signed, or of an authority that is not known here. Put that certificate into a file and name the file in SSL_CERT_FILE.
provider-late-connect = { $provider } could not be reached within { $limit }. Try again, or choose another model.
provider-late-connect-proxy = { $provider } cannot be reached. Try again, or choose another model.
    .operator = { $provider } could not be reached through the proxy { $proxy } within { $limit }. Try again, or choose another model.
provider-late-models = { $provider } did not list its models within { $limit }. Try again, or choose another model.
provider-late-begin = { $provider } did not begin to answer within { $limit }. Try again, or choose another model.
provider-late-begin-alive = { $provider } only said that it is alive and did not begin to answer within { $limit }. Try again, or choose another model.
provider-late-middle = { $provider } stopped in the middle of the answer and sent nothing more within { $limit }. Try again, or choose another model.
provider-late-middle-alive = { $provider } stopped in the middle of the answer and only said that it is alive within { $limit }. Try again, or choose another model.
provider-broke-off = The connection to { $provider } broke in the middle of the answer. Continue, or try again.
provider-no-answer = { $provider } closed the connection without an answer. Try again.
provider-failed-midway = { $provider } had an error in the middle of the answer. Continue, or try again.
provider-not-an-answer = { $provider } sent something that is not an answer. Try again, or choose another model.
provider-not-an-answer-address = { $provider } sent something that is not an answer. Try again, or choose another model.
    .operator = { $provider } sent something that is not an answer. Check its address (base_url).
provider-page = { $provider } sent a page instead of an answer. Try again, or choose another model.
    .operator = { $provider } sent a page instead of an answer. Check its address (base_url).
provider-event-too-long = { $provider } sent more at once than an answer can have. Try again.
provider-thought-too-long = { $provider } reached its limit of length while it was thinking, and wrote no answer. Try again, ask for something shorter, or choose another model.
provider-only-thought = { $provider } thought, but wrote no answer. Try again, or choose another model.
provider-cut-before-first-word = { $provider } reached its limit of length before the first word. Start a new conversation, or choose another model.
provider-wants-tool = { $provider } wanted to use a tool, which it cannot do here, and wrote no answer. Ask in another way, or choose another model.
provider-empty = { $provider } sent an empty answer. Try again, or choose another model.
provider-no-list = { $provider } does not list its models. Choose a model of another provider, or tell your administrator.
    .operator = { $provider } does not list its models. Check its address (base_url), or name them in the configuration (models = ["…"]).

## Rendered markdown

code-fold = Fold
code-wrap = Wrap
code-download = Download
code-copy = Copy
code-block = Code
table-block = Table
table-copy = Copy table
table-csv = Download CSV
label-note = Note
label-tip = Tip
label-important = Important
label-warning = Warning
label-caution = Caution

## Frame and lists of conversations

close = Close
settings = Settings
sign-out = Sign out
role-administrator = Administrator
role-member = Member
skip-to-content = Skip to the content
without-script = JavaScript is off here. Asking, editing and most else work; temporary conversations, saving code or tables, copying, quoting, Undo, shortcuts, changing questions that wait and searching for a model need it.
search = Search
conversations = Conversations
conversations-show = Show conversations
conversations-all = All conversations
conversations-none = There is nothing here yet.
conversations-none-archived = Nothing is archived.
conversations-archived = Archived
conversations-deleted = Deleted
conversations-none-deleted = Nothing is deleted. What you delete can be restored here for 30 days.
conversation-gone-on = Gone for good on { $date }
conversation-deleted-here = The conversation is deleted. You can restore it here for 30 days.
conversation-restored = “{ $title }” is back among your conversations.
restore = Restore
restore-named = Restore “{ $title }”
conversations-none-found = No title has these words.
conversations-older = Older conversations
conversations-back = Back to your conversations
search-titles = Search titles
day-pinned = Pinned
day-today = Today
day-yesterday = Yesterday
day-last-week = Previous 7 days
day-last-month = Previous 30 days
day-earlier = Earlier
date-long = { $day } { $month ->
    [m1] January
    [m2] February
    [m3] March
    [m4] April
    [m5] May
    [m6] June
    [m7] July
    [m8] August
    [m9] September
    [m10] October
    [m11] November
   *[m12] December
} { $year }
date-and-time = { $date }, { $time }

## Settings

signed-in-as = Signed in as { $email }
name-save = Save name
name-saved = Your name is saved.
picture = Picture
picture-initial = Letters
picture-initial-hint = One or two letters, or an emoji. Left empty, you are shown by your first letter.
picture-initial-not-valid = Choose one or two letters or digits, or a single emoji or sign. Characters that cannot be seen are not taken.
picture-colour = Colour
picture-automatic = Automatic
picture-red = Red
picture-orange = Orange
picture-olive = Olive
picture-green = Green
picture-teal = Teal
picture-blue = Blue
picture-violet = Violet
picture-pink = Pink
picture-save = Save picture
picture-saved = Your picture is saved.
email-change-hint = You sign in with it, so it cannot be left empty.
email-save = Save e-mail
email-or-name-save = Save e-mail or name
email-saved = From now on you sign in with the new e-mail address.
login-saved = From now on you sign in with the new name.
login-in-use = Another account has this name. Enter a different one.
email-in-use = Another account has this e-mail address. Enter a different one.
password-current = Current password
password-new = New password
password-change = Change password
password-change-hint = At least { $least } characters. Other devices are signed out.
password-changed = Your password is changed, and all other sessions are signed out.
profile = Profile
settings-sign-in = Sign-in
appearance = Appearance
theme = Theme
theme-system = As the device
theme-light = Light
theme-dark = Dark
palette = Colours
palette-ember = Ember
palette-sea = Sea
palette-plum = Plum
appearance-save = Save appearance
appearance-saved = Your appearance is saved.
chat-settings = Chat
instructions = Instructions
instructions-for-all = Instructions for every conversation
instructions-for-all-hint = What every model should know and heed: how you like answers, what you do. They come before a conversation’s own instructions.
instructions-here = Instructions for this conversation
instructions-here-hint = They come after your instructions for every conversation, and count from the next answer on.
instructions-save = Save instructions
params = Parameters
params-hint = They count wherever a conversation decides nothing else. A model that does not know one answers without it.
params-here-hint = They count in this conversation only, from the next answer on. A model that does not know one answers without it.
params-save = Save parameters
param-default = As the model has it
turns-default = All that fit
param-as-for-all = As for all: { $value }
temperature = Temperature
temperature-hint = From 0 (to the point) to 2 (inventive).
top-p = Top-p
top-p-hint = From 0 to 1: how many of the likely words are considered.
max-tokens = Tokens of an answer, at most
max-tokens-hint = From 1 to { $most }.
turns = Turns sent
turns-hint = From 1 to { $most }: how many of the newest questions are sent, each with its answer.
reasoning-effort = Reasoning effort
reasoning-effort-hint = For models that think before they answer.
effort-none = None
effort-minimal = Minimal
effort-low = Low
effort-medium = Medium
effort-high = High
model-next = Model of the next conversation
model-next-is = A new conversation begins with { $model }, which you chose last.
model-next-default = A new conversation begins with the site’s default model, until you choose another one.
model-next-forget = Begin with the default model
shortcuts = Shortcuts
outline = Questions
outline-search = Search the questions
outline-none = Nothing has been asked here yet.
outline-none-found = No question here has these words.
outline-earlier = Earlier questions
single-keys = Shortcuts of a single key, such as ?
single-keys-save = Save shortcuts
switched-on = On
switched-off = Off
chat-defaults-saved = Your chat settings are saved.
save = Save
proof-title = Is it you?
proof-about = The next step is sensitive, so prove once more who you are. It counts for ten minutes.
proof-give = Continue
proof-not-now = Not now
proof-done = Thank you. Now do it once more.
second-factor = Second factor
second-factor-about = With a second factor, signing in asks for a code that an app on your phone makes, besides the password. Any app for such codes (TOTP) will do.
second-factor-begin = Set up a second factor
second-factor-scan = Scan this with the app.
second-factor-qr = QR code for the app; the key below is the same as text.
second-factor-key = Or type this key into it:
second-factor-type = Type the code that the app shows now.
second-factor-confirm = Switch it on
second-factor-not-now = Not now
second-factor-is-on = Your second factor is on: signing in asks for a code.
second-factor-is-off = Your second factor is off.
second-factor-end = Switch it off
recovery-left = { $count ->
    [0] No recovery code is left. Make new ones before you need one.
    [one] One recovery code is left.
   *[other] { $count } recovery codes are left.
 }
recovery-new = Make new recovery codes
recovery-codes = Recovery codes
recovery-about = Your second factor is on. Each of these codes signs in once in place of one of the app, when the app is gone. Print or copy them now: they are not shown again, and earlier ones count no more.
recovery-kept = I have kept them
recovery-code-used = You signed in with a recovery code. { $left ->
    [0] It was the last: make new ones now.
    [one] One is left: make new ones soon.
   *[other] { $left } are left.
 }
device-title = Sign in on another device
device-about = Show a QR code here, scan it with the other device, and confirm that device here. No password is typed there.
device-show = Show a QR code
device-scan = Scan this with the other device, or open { $address } there and type the code below. It counts for two minutes, and for one device.
device-qr = QR code with an address for the other device; the code below is the same as text.
device-look = Look again
device-cancel = Cancel
device-asks = A device wants to sign in: { $name }, from { $address }. It shows this number:
device-silent = it does not say what it is
device-address-unknown = an unknown address
device-is-it = Is it the one in front of you?
device-confirm = Yes, sign it in
device-refuse = No
device-confirmed = Confirmed. Now press Continue on the other device.
device-done = The other device is signed in.
device-refused = No device was signed in.

## The start page

begin = Begin here
examples = Examples
example-explain = Explain how a heat pump works, first in one sentence, then in five
example-plan = Plan a quiet weekend by the fire for four people, one of whom eats no meat
example-write = Write a friendly note to a neighbour whose tree hangs over our fence
conversations-recent = Recent
site-what = Ask a model, edit and branch, come back to all of it later. Conversations are stored on this server; a question is sent to the model that you choose.
site-what-without-model = Your earlier conversations can be read meanwhile.
setup-demo = Only the demo model answers: add a real one
setup-none = No model is available
setup-some = Some models are missing
setup-how = Or name a provider in Leptos.toml, in the folder where Inglenook is started, and start it again:
setup-more = Every server that speaks the OpenAI API will do, such as OpenAI, OpenRouter, Ollama, llama.cpp or vLLM. One that wants a key gets it from a variable: api_key_env = "OPENAI_API_KEY".
setup-ask-administrator = Nothing can be asked at the moment. The administrator of this site can add a model.

## When the server cannot be reached

offline-title = Inglenook cannot be reached
offline-sentence = Either this device is offline, or the server is not running at the moment.
offline-kept = What is stored on the server is safe. This page opens by itself as soon as the server answers again.
offline-again = Try again

## A conversation

welcome = Good to see you, { $name }
conversation-new = New conversation
conversation-menu = Conversation menu
conversation = This conversation
conversation-more = More for “{ $title }”
conversation-settings = Conversation settings
conversation-saved = The settings of this conversation are saved.
more = More
field-title = Title
rename = Rename
pin = Pin
unpin = Unpin
archive = Archive
unarchive = Unarchive
unarchive-named = Unarchive “{ $title }”
conversation-unarchived = “{ $title }” is back in the list.
delete-conversation-hint = All its messages are deleted with it. For 30 days you can restore it under All conversations, Deleted.
delete-for-good = Delete
messages-earlier = Earlier messages
messages-newest = Back to the newest messages
ask-anything = Ask anything
answers-can-be-wrong = Answers can be wrong. { $keys }
keys-hint = Enter to send, Shift+Enter for a new line.
connection-lost = Reconnecting …
files-not-yet = Files cannot be added here yet. Copy their text and paste it into the message.
message = Message
model = Model
model-no-longer-offered = { $model } (no longer offered – choose another)
answer-tokens = { $count ->
    [one] { $count } token
   *[other] { $count } tokens
 }
answer-first-token = { $whole }.{ $tenth } s to first token
answer-speed = { $count ->
    [one] { $count } token/s
   *[other] { $count } tokens/s
 }
send = Send
stop = Stop
you = You
answer = Answer
message-at = { $who }, { $time }
reasoning = Reasoning
answer-failed = This answer failed.
answer-interrupted = The server was stopped while it wrote this answer.
answer-stopped = You stopped this answer.
answer-cut = This answer was cut: it reached the model’s limit.
answer-copy = Copy answer
message-copy = Copy message
message-edit = Edit message
message-delete = Delete message
message-delete-ask = Delete message…
show-more = Show more
show-less = Show less
message-delete-hint = Delete this message? What follows stays.
your-message = Your message
cancel = Cancel
send-changed = Send
write-again = Regenerate
retry = Retry
continue = Continue
error-reference = If it happens again, tell your administrator this number: { $number }
sent-without-first = Sent without the first message: the model has no room for it.
sent-without = Sent without the first { $count } messages: the model has no room for them.
sent-newest-only = Sent with the newest messages only: the model has no room for the others.
prompt-too-long = This message is about { $tokens } tokens long, and the model takes { $most }, its answer included. Shorten it, or choose a model with a larger context.
prompt-too-long-with-system = This message with the system prompt is about { $tokens } tokens long, and the model takes { $most }, its answer included. Shorten it, or choose a model with a larger context.

# The thread and the composer as a script brings them to life.
answering = Answering
answer-complete =
    { $count ->
        [one] Answer complete, { $count } word
       *[other] Answer complete, { $count } words
    }
copy = Copy
copied = Copied
copy-failed = Your browser does not let this page copy. Select the text and copy it yourself.
to-latest = To the latest message
unseen-messages =
    { $count ->
        [one] { $count } new message
       *[other] { $count } new messages
    }
messages = Messages
system-prompt-beyond-context = The instructions (system prompt) alone are about { $tokens } tokens long, and the model takes { $most }, its answer included. Shorten those of the conversation or those in your settings, or choose a model with a larger context.
waiting-for = Waiting for { $model } … { $count ->
    [one] { $count } second
   *[other] { $count } seconds
 }
question-not-sent = This question has not been sent yet. It is in the field below.
waits-for-network = Waits for the connection. It is sent as soon as there is one.
retry-in = Retry in { $count } s
extras = With the message
pasted-text = Pasted text, { $count ->
    [one] { $count } character
   *[other] { $count } characters
 }
insert-as-text = Insert as text
remove = Remove
reply = Reply

## Dialogs

model-choose = Choose a model
regenerate-with = Regenerate with another model
favourites = Favourites
favourite = Favourite
model-search = Search models
model-none-found = No model is called so.
context-thousands = { $count }K context
context-millions = { $count }M context
model-sees = Sees pictures
model-thinks = Thinks
model-price = { $input } / { $output } { $currency }
key-send = Send
key-break = New line
key-send-always = Send, on every keyboard
key-edit = In the empty field: edit the last question
key-escape = Close what is open, or stop the answer
key-palette = Find a conversation or an action
key-messages = Previous and next message
key-messages-single = Next and previous message
key-outline = The questions of this conversation
key-end = To the latest message
key-pages = Scroll by a page
key-composer = To the message field
key-sheet = These shortcuts
shortcuts-settings = Switch single keys off in the settings
find = Find
palette-hint = Find a conversation or an action
palette-none = Nothing is called so.
model-is = Model: { $model }

## The queue of questions

queue-full-own = Only { $most } questions of yours can wait in a room. Take one of them out of the queue, or wait until one was asked.
queue-full = Only { $most } questions can wait in a conversation. Remove one of them, or wait until one was asked.

## Messages of a room

room-only = This is possible in a room only.
room-post = This is a room: write a message in it. A message to the model waits in the room’s queue.
room-ask-again = In a room the question of an answer is asked again: it waits in the room’s queue.
room-edit = In a room you change the message itself.
room-hand-over-full = They own as many rooms as they may. Hand the room over to somebody else.
room-payer-others = Only the room’s owner decides whose allowance answers count against.
room-edit-others = You can change only what you wrote yourself.
room-delete-others = You can delete your own messages and the answers that you asked for. Ask a moderator about others.
room-delete-running = This answer is still being written. Wait for it, or stop it, and delete it then.
room-fork = The messages of a room are everybody’s, so no private copy of them is made.
room-settings-elsewhere = A room is changed in its own settings.
room-line = The messages of a room are one line, without branches.
room-restore = A message that was deleted in a room cannot be restored.
room-stop-others = You can stop the answers that you asked for. Ask a moderator about others.
room-continue-others = You can continue only answers that you asked for.
room-queue-others = You can take only your own questions out of the queue. Ask a moderator about others.
room-queue-moderators = Only moderators choose which question is next.
room-flood = You write very fast. Wait { $wait } and go on then.
room-slow = This room has a pause between two messages of a member. Wait { $wait } and send it again.
mentions-too-many = A message mentions at most { $most } people.
mention-unknown = The message mentions somebody who does not take part in this room. Choose people from the list of its members.
reply-unknown = The message that you answer was deleted, or it is not in this room. Send yours without it.
room-mark-running = This answer is still being written. React to it or pin it when it is done.
room-marks-flood = That was very fast. Wait { $wait } and go on then.
emoji-not-one = A reaction is one emoji.
reactions-too-many = A message has at most { $most } kinds of reactions. Join one of those.
edits-too-many = This message has been changed { $most } times, which is all that there may be. Write another one.
pins-too-many = A room has at most { $most } pinned messages. Unpin one first.
unpin-others = You can take away your own pins. Ask a moderator about others.
report-reason-too-long = A reason has at most { $most } characters, in one line.
report-own = This is your own message: change it or delete it.
report-in-direct = Nobody moderates what two people write to each other, so there is nobody to report it to. You can block whoever wrote it.
report-about-own = This report is about a message of yours. Another moderator settles it.

## A copy of a conversation

copy-of = { $title } (copy)
fork-too-long = What is before this message is too long to copy: at most { $messages } messages and { $most } can be copied. Choose an earlier message.

## Temporary conversations

temporary-no-question = A temporary conversation ends with your question. Write one and send it again.
temporary = Temporary
conversation-temporary = Temporary conversation
temporary-note = This conversation is temporary: it is not stored, and it is gone when you leave the page.
temporary-what = What is on your mind?
temporary-keep = Keep this conversation
temporary-end = Leave the temporary conversation
temporary-lost = The connection was lost before the answer was complete.
temporary-needs-script = Temporary conversations need JavaScript, because only your page holds them. Switch JavaScript on and load the page again, or begin a conversation that is stored.
temporary-form = Your question was not asked, because a temporary conversation needs JavaScript, which did not run. Send it from here to ask it in a conversation that is stored.
key-temporary = Temporary conversation, which is not stored
temporary-too-long = A temporary conversation has at most { $most } messages. Begin a new one.
conversation-deleted = Conversation deleted
conversation-archived = Archived
message-deleted = Message deleted
undo = Undo
queue = Waiting questions
queue-send = Send now; the running answer is stopped
queue-up = Ask earlier
queue-waits-until = Waits for tomorrow’s allowance, at { $time }.
queue-waits = These wait, because the last answer did not end by itself.
queued-question = Waiting question
fork = Fork from here
unread = New answer
running = Being answered

## Tools of the composer

tools = Instructions and parameters
tools-differ = Instructions and parameters: some are not the default
tools-for-all = Instructions and parameters
tools-for-all-hint = They count for every conversation that decides nothing else. Once a conversation has begun, this button changes that conversation alone.
context = Context
context-used = About { $used } of { $of } tokens used
context-full = { $percent } % full
context-full-hint = The model’s context is nearly full. Soon the oldest messages are left out: begin a new conversation, or send fewer turns.
context-instructions = Instructions take about { $count } of them, with each question.
context-turns =
    { $count ->
        [one] Only the newest question is sent.
       *[other] Only the newest { $count } questions are sent, each with its answer. What is older is left out.
    }
context-left-out =
    { $count ->
        [one] The oldest message was left out of the last question, because the context has no room for it.
       *[other] The oldest { $count } messages were left out of the last question, because the context has no room for them.
    }
context-what = The context is all that a model sees at once: instructions, questions and answers.
context-unknown = It is not known how much of the model’s context this conversation takes.

## Administration

administration = Administration
people = People
people-all = All people
people-count = { $count ->
    [one] One person
   *[other] { $count } people
}
people-more = Earlier ones
people-none = Nobody is called that. Search for another part of the name or the address.
people-search = Search names and addresses
person-access = Signing in
person-data = What they wrote
person-data-erase = Delete it, too
person-data-keep = Keep it stored; nobody can open it
person-delete = Delete the account
person-delete-confirm = To confirm, type { $login } here.
person-delete-hint = { $name } is signed out everywhere and cannot sign in any more. This cannot be undone.
person-delete-not-confirmed = This is not what the person signs in with. Type it as it stands above.
person-delete-now = Delete for good
person-deleted = The account is deleted.
person-disable = Disable the account
person-disable-hint = A disabled account cannot sign in. Its sessions and API keys end at once; what the person wrote stays.
person-disabled = Disabled
person-enable = Enable the account
person-enable-hint = The account is disabled. Once it is enabled, the person can sign in again as before.
person-last-seen = Last seen
person-leaves = Will be deleted
person-leaving = Leaving
person-login = Signs in with
person-never = Never
person-own = This is your own account. Another administrator can disable or delete it.
person-registered = Registered
person-role = Role
person-role-hint = Administrators manage people and the site. They cannot read what others write.
person-role-save = Save the role
person-saved = The account is changed.
person-seen = { $day }
person-since = Since { $date }
person-you = You
last-admin = This is the last administrator. Make somebody else an administrator first.
reset-link = The link
reset-link-gone = This link does not count, or no longer. Links count once and for a day; ask your administrator for another one.
reset-link-hint = With a one-time link the person sets a new password. It counts for a day, and is shown once.
reset-link-made = Give this link to the person. It counts once, until this time tomorrow, and is not shown again.
reset-link-make = Make a link for a new password
reset-of-disabled = The account is disabled. Enable it first.
reset-password = A new password
reset-password-now = Set the password
reset-password-of = For the account that signs in with { $login }. All its other sessions end.

## Leaving

settings-data = Your data
export = A copy of everything
export-about = All that you have here as a ZIP file: your account, and each conversation with all its versions, as Markdown to read and as JSON for programs. Archived conversations are in it, and those that can still be restored. It is made in the background and kept for 7 days.
export-make = Make an export
export-make-again = Make a new export
export-under-way = An export is being made already. Wait until it is there, or stop it first.
export-waiting = Your export begins in a moment.
export-progress = { $done } of { $total } conversations are in it.
export-look = Look again
export-stop = Stop
export-ready = Your export of { $made } is ready: { $size }. It is kept until { $date }.
export-download = Download
export-remove = Remove
export-removed = The export is removed.
export-failed = The export could not be made. Try it again; if it fails once more, ask the administrator of this site.
export-no-room = The server has no room for your export. Ask the administrator of this site to make room, then try it again.
export-archived = This conversation is archived.
export-deleted = This conversation is deleted and can still be restored.
export-answer = Answer
account-delete = Delete the account
account-delete-hint = In 14 days your account is deleted with all that you wrote. Until then everything works as before, and you may change your mind. Only the audit log names you for some time after that.
account-delete-now = Delete my account in 14 days
account-keep = Keep my account
account-leaves = Your account will be deleted in 14 days.
account-leaves-on = Your account will be deleted on { $date }, with all that you wrote.
account-stays = Your account stays.
account-leaving = Your account will be deleted on { $date }

## The audit log

audit = Audit log
audit-signed-in = Signed in
audit-sign-in-refused = Sign-in refused
audit-signed-out = Signed out
audit-registered = Registered
audit-password-changed = Password changed
audit-session-ended = Device signed out
audit-key-made = API key made
audit-key-ended = API key ended
audit-second-factor-on = Second factor switched on
audit-second-factor-off = Second factor switched off
audit-recovery-code-used = Recovery code used
audit-role-changed = Role changed
audit-disabled = Account disabled
audit-enabled = Account enabled
audit-reset-link-made = Reset link made
audit-deleted = Account deleted
audit-code-made = Code made
audit-code-ended = Code ended
audit-code-used = Code used
audit-tier-changed = Tier changed
audit-provider-changed = Provider changed
audit-registration-changed = Registration changed
audit-settings-changed = Settings changed
audit-export-made = Export of everything requested
audit-login-changed = E-mail address changed
audit-leave-asked = Deletion of own account requested
audit-stayed = Account kept
audit-note-removed = Note of somebody else deleted
audit-as-its-owner-asked = as its owner asked
audit-by-command = With a command on the server
audit-kind = What happened
audit-kind-all = Everything
audit-person = E-mail address or name of a person
audit-none = Nothing is noted for this.
audit-older = Older entries
audit-export = Save as CSV for a spreadsheet
audit-times = { $count } times
audit-by = by { $name }
audit-to = for { $name }
audit-account-unknown = no account of this site

## Devices and API keys

settings-devices = Devices and API keys
devices = Devices
device-unknown = Unknown device
device-this = This device
device-seen = last seen { $time }
device-end = Sign out
device-end-named = Sign out { $name }
devices-end-others = Sign out all other devices
device-ended = The device is signed out.
devices-ended = All other devices are signed out.
api-keys = API keys
api-keys-hint = A key lets a program use your account without your password. Give each program a key of its own.
key-new = New key
key-name = What the key is for
key-name-hint = Up to { $most } characters, such as the name of the program.
key-scope = What the program may do
scope-read = Read conversations
scope-chat = Read, ask and change conversations
scope-all = Everything that you may
key-days = Days until the key ends
key-days-hint = Leave this empty for a key that does not end by itself.
key-make = Make the key
key-made = The key “{ $name }” is made. Copy it now: it is not shown again.
key-text = The new key
key-used = last used { $time }
key-unused = never used
key-expires = ends { $time }
api-key-end = End
key-end-named = End the key { $name }
key-ended = The key has ended.
key-name-not-valid = Give the key a name of 1 to { $most } characters in one line.
key-days-not-valid = Enter a whole number of days from 1 to { $most }, or nothing.
key-scope-missing = Choose what the program may do: read, chat or all.
key-not-here = An API key cannot do this. Sign in with a browser.
error-scope-too-small = This needs a key with the scope “{ $needed }”. Make one under Settings, Devices and API keys.
socket-message-unreadable = The message cannot be read. Send a JSON object whose “type” is one of listen, leave, post, read, typing.
socket-hears-too-many = One connection listens to at most { $most } conversations. Leave some first.
audit-devices = { $count ->
    [one] 1 device
   *[other] { $count } devices
 }
audit-key-scope = Scope { $scope }
audit-role = Now: { $role }
audit-by-link = With a link for a new password
## Codes: invitations and activation codes

code-refused = This code is wrong, used up or expired. Ask whoever gave it to you for another one.
code-used-by-you = You have used this code already; you have what it gives.
code-gives-nothing = This code is for somebody who has no account yet. It gives you nothing, and was not used.
code-gives-tier = It gives you the tier { $tier } { $until }.
code-redeemed = You have the tier { $tier } { $until }.
code-without-use = Choose a tier: an activation code without one gives nothing.
code-redeem = Redeem the code
code-redeem-label = A code that you were given
code-replace = Also when it gives another tier, which takes the place of the one that I have
join = Invitation
join-invited = You are invited
join-what = With this invitation you can make an account here.
join-as-admin = You will be an administrator.
join-have-account = Have an account already? { $link }
join-type = Enter your invitation code
join-type-about = Type the code that stands on your card or that you were told, or paste the link.
field-invitation = Invitation code
invitation-hint = Capitals, blanks and dashes do not matter.
invitation-continue = Continue
codes = Invitations and codes
codes-make = Make codes
codes-make-now = Make the codes
codes-none = There are no codes yet.
codes-older = Older codes
codes-new = New codes
codes-made = { $count ->
    [one] { $count } code is made.
   *[other] { $count } codes are made.
 }
codes-once = They are shown now and never again: copy them, print this page as cards, or show one to a room. The page can be opened again for five minutes.
codes-gone = These codes cannot be shown any more. End them and make others if nobody has them.
codes-all = All codes
code-kind = Kind
code-kind-hint = With an invitation somebody makes an account. An activation code gives a tier to somebody who has one.
code-invitation = Invitation
code-activation = Activation code
codes-count = How many codes
code-uses = People who may use each
code-days = Days that they count
code-days-hint = Empty: until you end them.
code-tier = Tier that they give
code-tier-none = None
code-tier-days = Days that the tier lasts
code-tier-days-hint = Empty: it does not end.
code-role = Role of whoever registers with one
code-label = Label, for you
code-invites = Invitation
code-invites-admin = Invitation as an administrator
code-tier-for = Tier { $tier } for { $days }
code-tier-for-good = Tier { $tier } for good
code-used-of = Used { $used } of { $uses }
code-made-on = made on { $date }
code-expires-on = counts until { $date }
code-end = End
code-ended = The code is ended. Who used it keeps what it gave.
code-used-by = Used by
code-used-by-more = and { $count ->
    [one] one more
   *[other] { $count } more
}
code-live = Counts
code-used-up = Used up
code-expired = Expired
code-was-ended = Ended
code-qr = QR code of { $code }
code-show = Show to a room
person-gone = An account that is gone
count-people = { $count ->
    [one] { $count } person has it
   *[other] { $count } people have it
 }
count-codes = { $count ->
    [one] { $count } code that counts gives it
   *[other] { $count } codes that count give it
 }

## Tiers and what they allow

tier = Your tier
tier-default = Everybody
tier-named = { $name }
profile-tier = Tier: { $tier }
tier-until = until { $date }
tier-without-end = without an end
tier-for-days = for { $days }
tier-ends-on = until { $date }
tier-for-good = You have the tier { $tier } already, and it does not end. The code was not used.
tier-would-end = You have the tier { $present } { $until }. This code gives you the tier { $tier } { $then } in its place.
tier-none-has-no-days = Days go with a tier only. Leave them empty, or choose a tier.
tier-unknown = There is no such tier. Choose one of those that there are.
tiers-too-many = There are { $most } tiers, and no more are possible. Delete one first.
tier-default-stays = This tier counts for everybody without another one, so it cannot be deleted.
tier-name-taken = Another tier has this name.
tier-in-use = This tier cannot be deleted yet: { $people }, and { $codes }.
tier-models-too-many = A tier can name { $most } models at most.
tier-name-not-valid = A tier needs a name of at most { $most } characters, in one line.
label-not-valid = A label has at most { $most } characters, in one line.
number-too-large = At most { $most } is possible here.
number-between = Choose a whole number from { $least } to { $most }.
number-not-valid = Type a whole number.
tiers = Tiers
tiers-hint = A tier says what people may use. Give one to somebody with a code.
tiers-all = All tiers
tier-new = A new tier
tier-default-hint = It counts for everybody who has no other tier.
tier-delete = Delete the tier
tier-delete-hint = Only a tier that nobody has, and that no code gives, can be deleted.
tier-limit-models = { $count ->
    [one] { $count } model
   *[other] { $count } models
 }
tier-limit-messages = { $count ->
    [one] { $count } answer a day
   *[other] { $count } answers a day
 }
tier-limit-tokens = { $count ->
    [one] { $count } token a day
   *[other] { $count } tokens a day
 }
tier-limit-rooms = { $count ->
    [one] { $count } room
   *[other] { $count } rooms
 }
tier-limit-megabytes = { $count } MB of files
tier-no-limits = No limits
tier-empty-hint = An empty field is no limit. Days begin at midnight of UTC.
tier-messages = Answers a day
tier-tokens = Tokens a day
tier-rooms = Rooms to make
tier-megabytes = Files, in MB
tier-which-models = Which models
tier-all-models = All models
tier-some-models = Only these
tier-models-of-all = “All models” is chosen. Choose “Only these”, or empty the list.
tier-models = Models, one in a line
tier-models-offered = The models that are offered
tier-make = Make the tier
tier-save = Save the tier
tier-saved = The tier is saved.
tier-saved-without = The tier is saved. No provider offers { $models } now.
tier-deleted = The tier is deleted.
budget-messages-used = Answers today: { $used } of { $most }
budget-tokens-used = Tokens today: { $used } of { $most }
budget-messages = Your { $most ->
    [one] answer of today is
   *[other] { $most } answers of today are
 } used up. There will be new ones in { $wait }.
budget-tokens = Your { $most ->
    [one] token of today is
   *[other] { $most } tokens of today are
 } used up. There will be new ones in { $wait }.
title-budget-used-up = Used up for today

# Who may register, and what an administrator gives one person.

registration = Registration
registration-who = Who may register
registration-open = Everybody who reaches this site
registration-invite = Whoever has an invitation
registration-closed = Nobody
registration-email = What a new account needs
registration-email-required = An e-mail address
registration-email-optional = An e-mail address or a name
registration-invitations = Invitations are made under { $link }.
registration-save = Save
registration-saved = What you chose counts from now on.
registration-is-fixed = { $value }: the server's configuration says so ({ $key }), so it cannot be changed here.
registration-fixed = The server's configuration decides this: { $key }. Change it there.
field-email-or-name = E-mail or name
login-not-valid = Enter an e-mail address, or a name of { $least } to { $most } letters, digits, dots, dashes or underscores.
login-taken = Somebody has this name already. Choose another one, or sign in if it is yours.
keys-too-many = You have { $most } API keys, which is the most. End one that you no longer need.
person-tier = Tier
person-tier-none = They have no tier of their own: what counts for everybody counts for them.
person-tier-for-good = { $tier }, without an end.
person-tier-until = { $tier }, until { $date }.
person-tier-choose = Give them
person-tier-give = Give the tier
person-tier-no-others = There is no other tier yet. They are made under { $link }.
person-second-factor-hint = Signing in asks them for a code. If they lost their app and their recovery codes, you can switch that off.
person-second-factor-end = Switch off the second factor
person-second-factor-ended = They sign in without a code now.
audit-tier-given = Given: { $tier }

## Providers of models, as administrators change them

admin-models = Models
providers = Providers of models
providers-hint = A provider is a server that answers questions. Those of the configuration come first; the others are added here and used at once.
providers-none = There is no provider yet. Add one below, and its models can be asked at once.
providers-all = All providers
providers-tiers = Choose which models a tier may use
providers-new = Add a provider
providers-configured = From the configuration
providers-inside = Inside your network
providers-has-key = Has a key
providers-up = Move { $provider } up
providers-down = Move { $provider } down
providers-waiting = It was not asked for its models yet.
providers-models = { $count ->
    [one] { $count } model
   *[other] { $count } models
 }
providers-models-shown = Models, and the tiers that may use them
providers-hidden = The configuration has a provider of this name, which is used in its place. Give this one another name, or remove it.
providers-key-lost = The key cannot be read any more, because the secret of this server has changed. Give the key again.
providers-key-for-new-address = The address is of another server. Give the key for it: the present one is not sent there.
model-of-every-tier = Every tier
model-of-no-tier = No tier
providers-url = Address of the API
providers-url-hint = Such as https://api.openai.com/v1 or http://localhost:11434/v1. An address inside your network is possible, too.
providers-name-hint = Letters, digits, dots, dashes and underscores. The ids of its models begin with it.
providers-label = What people call it
providers-label-hint = May stay empty: then it is known by its name.
providers-key = API key
providers-key-hint = May stay empty for a server that wants none. It is stored encrypted and never shown again.
providers-key-kept = There is a key. Leave this empty to keep it.
providers-key-again = Type the key again: the page does not keep it.
providers-key-kept-again = There is a key, and leaving this empty keeps it. If you typed another one, type it again: the page does not keep it.
providers-models-again = The list was too long to be shown again. Type it again.
providers-key-remove = Send no key any more
providers-models-named = Models to offer, one in a line (empty: the provider is asked)
providers-context = Context in tokens
providers-context-hint = Empty: what the provider says.
providers-sees-words = A provider is sent everything that people ask its models. It is asked for its models before it is saved.
providers-add = Try and add
providers-save = Try and save
providers-save-anyway = Save anyway
providers-saved = The provider is saved, and its models can be asked.
providers-moved = The order is saved.
providers-removed = The provider is removed.
providers-remove = Remove the provider
providers-remove-summary = Remove it…
providers-remove-hint = Its models are not offered any more. Conversations stay, and answers that are being written are finished. Its key is deleted.
providers-name-not-valid = A name has at most { $most } letters, digits, dots, dashes and underscores.
providers-name-demo = The model that comes with Inglenook has this name. Choose another.
providers-name-taken = Another provider has this name.
providers-label-not-valid = This has at most { $most } characters, in one line.
providers-url-not-valid = Give an address that begins with http:// or https://, of at most { $most } characters.
providers-url-too-much = Give the address without a name, a password, ? and #. The key has a field of its own.
providers-key-not-valid = A key has at most { $most } letters, digits and signs, without blanks.
providers-models-too-many = A provider can name { $most } models at most.
providers-context-not-valid = The context is a number of tokens from { $least } to { $most }.
providers-too-many = There are { $most } providers, and no more are possible. Remove one first.
providers-order-not-whole = The order has to name each provider that was added once.
audit-provider-added = Added
audit-provider-edited = Changed
audit-provider-removed = Removed
audit-provider-order = The order was changed
model-for-everybody = Everybody whose tier allows it
model-for-admins = Administrators only
model-for-nobody = Nobody
model-who = Who may ask { $model }
model-choices-too-many = One change can name { $most } models at most.
models-chosen = Your choice is saved and counts from the next question on.
default-model = Default model
default-model-none = None is chosen: a new conversation begins with the first model that the person may ask.
default-model-hint = It is chosen in the list of a provider's models, above. Whoever chose a model before keeps it.
default-model-fixed = The server's configuration decides this (chat.default_model).
default-model-for-nobody = Nobody may ask this model, so it cannot be the default one.
default-model-make = Make it the default
default-model-remove = Choose no default model
audit-model-default = Default model: { $model }
audit-model-no-default = No default model
usage = Usage
usage-hint = How much was used, and of which model, in days of UTC. What people wrote is nowhere to be seen.
usage-period = Period
usage-days = { $days ->
    [one] Today
   *[other] { $days } days
}
usage-none = Nothing was used in these days.
usage-said = { $messages ->
    [one] { $messages } answer
   *[other] { $messages } answers
}, { $tokens ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}
usage-earlier = Before models were counted apart
usage-people = Usage by person
usage-people-more = { $count ->
    [one] And { $count } more person.
   *[other] And { $count } more people.
}
usage-gone = An account that is gone
person-usage = Usage in 30 days
setup-add = Add a provider of models in the browser

# Sign-in through providers
sign-in-with = Sign in with { $name }
sign-in-way-going = On to { $name }
sign-in-way-back = Back to sign-in
sign-in-way-old = That took too long, or began in another browser. Sign in once more.
sign-in-way-cancelled = You did not sign in there. Nothing was changed.
sign-in-way-away = { $name } does not answer right now. Try again later, or sign in another way.
sign-in-way-wrong = { $name } gave an answer that cannot be trusted, so you are not signed in. Try again; if it stays so, tell the administrator.
sign-in-way-stale = { $name } did not say that you proved just now who you are. Use your password here, or sign out and sign in again.
sign-in-way-has-account = There is an account with this e-mail address already. Sign in with its password, and connect it under Settings, Sign-in.
identities = Sign-in through providers
identities-about = What is connected here signs you in without a password.
identities-none = Nothing is connected.
identity-connect = Connect { $name }
identity-connected = It is connected. From now on you can sign in with it.
identity-disconnect = Disconnect { $name }
identity-disconnect-short = Disconnect
identity-gone = It is not connected any more.
identity-last = This is your only way to sign in. Set a password first.
identity-taken = This is connected with an account already.
identity-not-yours = You signed in there as somebody whom this account does not know.
proof-sign-in-anew = Sign out, and sign in again. That proves it for ten minutes.
proof-sign-in-again = Sign out, and sign in again with your second factor. That proves it for ten minutes.
password-none = You have no password yet. If you signed in a while ago, you are asked to prove first who you are.
audit-identity-connected = Provider connected
audit-identity-disconnected = Provider disconnected
audit-through = Through { $name }

## People, their profiles and direct messages

people-of-site = People
people-search-names = Search names
people-nobody = Nobody who is listed has that in their name.
people-next = More people
people-hint = You decide whether you are listed here:
profile-joined = Here since { $date }
profile-of = Profile of { $name }
profile-edit = Change what others see
profile-own = See your profile
profile-rooms = Rooms that you share
profile-rooms-none = None.
directs = Direct messages
directs-all = All direct messages
directs-more = More direct messages
direct-write = Message
direct-write-to = Message { $name }; @model asks the model
direct-only-read = You cannot write here.
direct-put-away = Put away until the next message
direct-is-away = The conversation is put away. It comes back with the next message.
direct-not-begun = You cannot write to this person.
direct-blocked = You have blocked { $name }. End the block on their profile to write to them.
direct-unavailable = You cannot write to { $name } at the moment.
direct-closed = The account of { $name } was closed. You can go on reading, but not write.
direct-menu = Menu of this conversation
direct-pins-none = Nothing is pinned here. Pin a message in its menu.
direct-unwanted = If you do not want such messages
direct-nobody-moderates = Nobody moderates what two people write to each other, so there is nobody to report it to. You can block { $name }.
block = Block
unblock = End block
unblock-named = End the block of { $name }
block-hint = Whom you block can neither write to you directly nor leave notes on your wall, and you are told of none of their mentions. They do not learn of the block.
blocked-hint = You have blocked this person: neither of you can write to the other directly or leave notes, and mentions are not counted.
block-done = { $name } is blocked.
unblock-done = The block is ended.
block-yourself = You cannot block yourself.
block-too-many = You can block at most { $most } people. End a block first.
blocked-people = Blocked people
blocked-nobody = You have blocked nobody.
others-see = What others see
about-you = About you
about-hint = Shown on your profile to everybody who is signed in. At most 500 characters.
about-save = Save text
about-saved = The text is saved.
about-too-long = This text has at most { $most } characters.
people-listed = The list of people
people-listed-yes = Shows me
people-listed-no = Does not show me
wall = Wall
wall-notes = Notes on my wall
wall-yes = Others may leave them
wall-no = Nobody may leave them, and nobody sees them
visible-save = Save choices
visible-saved = Your choices are saved.
wall-off = This person has switched the wall off. Only they and administrators see what stands here.
wall-off-own = You have switched your wall off. Only you and administrators see what stands here.
wall-empty = There are no notes yet.
wall-older = Older notes
wall-full = There is no room for another note on this wall.
note-new = Leave a note
note-own = Leave a note on your own wall
note-hint = Everybody who is signed in can read it. At most 1,000 characters.
note-leave = Leave note
note-left = Your note is on the wall.
note-empty = Write something first.
note-too-long = A note has at most { $most } characters.
note-refused = You cannot leave a note here.
note-gone = The note is deleted.
note-delete = Delete note
note-delete-hint = Delete this note for good?
note-delete-of = Delete the note of { $name }

## Rooms

rooms = Rooms
room = Room
rooms-all = All rooms
rooms-more = More rooms
rooms-unread = { $count ->
    [one] Something new in { $count } room
   *[other] Something new in { $count } rooms
  }
rooms-nothing = In a room, people and the model write together. Make one for your team, your class or your family, or join one that somebody else made.
rooms-listed = Rooms to join
rooms-search = Search the listed rooms
rooms-none-found = No listed room has that in its name.
rooms-none = Your tier does not let you make rooms. You can join those of others.
rooms-no-more = You own as many rooms as your tier allows. Delete one or hand it over first.
rooms-too-many = Your tier lets you own { $most } rooms. Delete one or hand it over first.
room-new = New room
board = Board
board-about = The board is one room for everybody on this site: for news, questions and notices. Whoever opens it is in it.
board-name = Name
board-name-missing = The board needs a name.
board-make = Make board
board-saved = The board is changed.
board-open = Open board
board-on = The board
board-on-yes = Is there
board-on-no = Is switched off: nobody sees it, and what is written on it stays
board-writers = Who writes
board-writers-everybody = Everybody who is signed in
board-writers-moderators = Administrators and the board’s moderators
board-guests = People who are not signed in
board-guests-yes = May read it, also as a feed
board-guests-no = See nothing of it
board-on-start = Notes on the start page
board-on-start-hint = So many of the newest, at most 10. 0 means none.
board-stays = Everybody on this site is on the board, so you cannot leave it. You can choose to be told of nothing.
board-no-owner = Nobody owns the board: administrators decide about it.
board-no-codes = Nobody needs an invitation to the board: it is for everybody on this site.
board-switched-off = The board is not deleted. An administrator can switch it off under Administration, Board.
board-notes = On the board
board-guest = You read along as a guest.
board-feed = Feed (Atom)
board-empty = Nothing is written here yet.
board-pages = Pages of notes
board-newest = Newest notes
board-older = Older notes
board-whole = Sign in to read all of it
board-somebody = Somebody
board-asked-by = asked by { $name }
audit-board-on = The board is there, for people who are signed in
audit-board-guests = The board is there, and guests may read it
audit-board-off = The board is switched off
bring-in = Bring people in
bring-in-about = People come into a room, and never into this conversation:
bring-in-copy = A copy of all messages of this conversation becomes the beginning of a new room: from the first to the newest, in the versions that are chosen now. Whoever joins the room sees them.
bring-in-private = This conversation stays private. Nobody sees what is written in it later.
bring-in-instructions = Its instructions for the model are not copied.
bring-in-now = Make room of a copy
bring-in-room = This is a room already: invite people into it.
room-copied-by = Copied from a private conversation by { $name } on { $date }
room-copied = Copied from a private conversation on { $date }
room-make = Make room
room-about = Whoever is in a room sees all that is written there, also what was written before they came.
room-have-code = I have a code
room-name = Name
room-name-missing = A room needs a name.
room-topic = Topic
room-topic-hint = What it is about, in a sentence; it may stay empty.
topic-too-long = A topic has at most { $most } characters, in one line.
room-initial = Letter of the picture
room-initial-hint = One or two letters, or an emoji. Left empty, it is the first letter of the name.
room-listed = Who finds it
room-listed-no = Only whoever has a link or a code
room-listed-yes = Everybody who is signed in here
room-answers = The model answers
room-answers-mention = When it is mentioned: @model
room-answers-always = Every message
room-answers-asked = When it is asked with the button
room-model = The model
room-model-default = The site’s default model
room-payer = Its answers count against
room-payer-asker = Whoever asked
room-payer-owner = The room’s owner
room-pause = Seconds between two messages of a member
room-pause-hint = 0 means none. Moderators need not wait.
room-instructions-hint = The model is told this with every question in this room. Members do not see it.
room-settings = Room settings
room-save = Save
room-saved = The room is changed.
room-owner = Ownership
room-hand-over = Hand over
room-hand-over-ask = Hand over…
room-hand-over-hint = You can hand the room over to a member:
room-hand-over-about = They own the room from then on, you stay a moderator, and answers count against whoever asks.
room-handed-over = { $name } owns the room now.
room-delete = Delete room…
room-delete-hint = It is gone for everybody, with all that was written in it. You can restore it within 30 days under All conversations.
room-delete-now = Delete for everybody
room-deleted = The room is deleted.
room-open = Open room
conversation-open = Open conversation
room-join = Join
room-join-named = Join “{ $name }”
room-join-unnamed = Join a room
room-invited = You are invited into a room. With an account you are in it at once.
room-is-member = You are in this room already.
room-banned = The moderators of this room have banned you.
room-full = As many people are in this room as may be.
room-owner-stays = You own this room. Hand it over to somebody or delete it before you leave.
room-left = You have left the room.
room-leave = Leave room…
room-leave-hint = You see nothing more of it, and what you wrote stays. To come back you need a code, unless the room is listed.
room-leave-now = Leave
room-member-count = { $count ->
    [one] { $count } member
   *[other] { $count } members
  }
room-unread = { $count ->
    [one] { $count } new message
   *[other] { $count } new messages
  }
room-mentions = { $count ->
    [one] { $count } message mentions you
   *[other] { $count } messages mention you
  }
room-members = Members
room-own-part = You in this room
room-notify = Tell me of
room-notify-all = All messages
room-notify-mentions = Messages that mention me
room-notify-nothing = Nothing
room-notify-saved = That is saved.
members-search = Search names
members-none = Nobody’s name begins with that.
members-more = More members
members-banned = Banned people
members-none-banned = Nobody is banned.
typing-one = { $name } is typing
typing-two = { $name } and { $other } are typing
typing-many = { $count ->
    [one] 1 person is typing
   *[other] { $count } people are typing
}
presence = Who sees that you are here
presence-show = Show others when I am online
presence-hint = Others see that you are online or away, and when you were last here. If you switch this off, nobody sees that, and the server forgets it.
presence-save = Save
presence-shown = Others see when you are online.
presence-hidden = Nobody sees when you are online.
presence-online = Online
presence-away = Away
presence-seen = Last here: { $day }
member-owner = Owner
member-moderator = Moderator
member-member = Member
member-reader = Reader
member-since = Here since { $date }
member-acts = What to do with { $name }
member-role = Role
member-role-save = Save role
member-changed = The role of { $name } is changed.
member-remove = Remove
member-remove-ask = Remove…
member-remove-hint = They see nothing more of the room, and may come back with a code.
member-remove-hint-listed = They see nothing more of the room until they join again, which anybody may, because it is listed. To keep them out, ban them.
member-removed = { $name } is removed.
member-ban = Ban
member-ban-ask = Ban…
member-ban-hint = They may not come back until the ban ends.
member-ban-hide = Hide what they wrote
member-banned = { $name } is banned.
member-unban = End ban
member-unbanned = { $name } may come back.
member-act-unknown = Nothing that can be done with a member is called that.
room-invite = Invite
room-invite-make = New invitation
room-over = You take no part here any more, or the room was deleted.
room-code-uses = People who may use it
room-code-days = Days that it counts
room-code-days-hint = Empty: until you end it.
room-invite-people = Invite people
room-invite-about = Whoever opens the link or types the code joins the room as a member.
room-invite-now = Make invitation
room-code-new = Your new invitation
room-code-once = Copy it or show it now: it is not shown again.
room-codes = Invitations that count
room-codes-none = There are none.
room-codes-too-many = At most { $most } invitations of a room count at a time. End one first.
code-into-room = Leads into a room
code-room = Invitation into a room
room-write = Message { $name }
room-write-mention = Message { $name }; @model asks the model
room-write-always = Message { $name }; the model answers
room-only-read = You read along in { $name } and cannot write there.
room-show-new = Show what is new
room-ask = Ask the model
room-read = { $count ->
    [one] Read { $count } message since { $time }
   *[other] Read { $count } messages since { $time }
  }
room-read-pins = { $count ->
    [one] Read { $count } message since { $time }, { $pins ->
        [one] { $pins } pin
       *[other] { $pins } pins
      }
   *[other] Read { $count } messages since { $time }, { $pins ->
        [one] { $pins } pin
       *[other] { $pins } pins
      }
  }
room-read-list = What the model read
room-read-answer = To the answer
room-paid-by = Counts against { $name }
room-paid-by-owner = Counts against the room’s owner
message-sending = Sending…
message-take-back = Take back
try-again = Try again
room-menu = Room menu
room-pins = Pinned
room-pins-none = Nothing is pinned in this room. Pin a message in its menu.
room-pins-about = The model reads these with every question.
pin-message = Pin
unpin-message = Unpin
message-pinned = Pinned
message-pinned-by = Pinned by { $name }
message-more = More about this message
message-gone = That message is not there any more.
react = React
unreact = Take back
emoji = Emoji
reactions = Reactions
reactions-none = Nobody has reacted yet.
reactions-other = Other reactions
reactions-all = Reactions
reaction-who = { $emoji } { $names }
reaction-who-more = { $emoji } { $names } and { $more } more
somebody = Somebody
mention-whom = Whom to mention
reply-drop = Do not answer this message
report = Report
report-about = The moderators of this room see it, and who you are. Whoever wrote the message does not learn who reported it.
report-reason = Why
report-now = Send report
report-sent = The moderators will see your report.
reports = Reports
reports-open = Open reports
reports-settled = Settled reports
reports-none = There are none.
reports-older = Older reports
reports-count = { $count ->
    [one] { $count } open report
   *[other] { $count } open reports
  }
report-by = Reported by { $name }, { $time }
report-made = Reported { $time }
report-dismiss = Dismiss
report-dismissed = The report is settled, the message stays.
report-end-dismissed = Dismissed by { $name }, { $time }
report-end-deleted = Deleted by { $name }, { $time }
message-edited = (edited)
message-erased = This message was deleted.
message-hidden = Hidden: its author is banned.
message-erase-hint = Delete this message for everybody? A mark stays in its place, and the moderators of a room can still read what it said.
message-versions = What it said before
message-versions-about = Moderators see this. The newest is at the top.
message-versions-none = It was not changed.
message-versions-older = Older versions
message-versions-back = Back to the room
message-version-until = Until { $time }; changed by { $name }
message-versions-show = See what it said
message-save = Save message
