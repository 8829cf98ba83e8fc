# Sentences in English. The guide to the syntax: https://projectfluent.org/fluent/guide/
# A file for a language stands alone: the name of the file is its tag, and the first two lines say what it is
# called in the list of languages and what stands between groups of three digits.
language-name = English
number-group = ,

## Signing in

sign-in = Sign in
sign-in-new-here = New here?
sign-in-have-account = Have an account?
register = Create an account
register-now = Create account
register-first = You are the first here: this account will be the administrator’s.
register-private = Your conversations are yours alone.
register-closed = Registration is closed here. Ask the administrator to open it.
field-name = Name
field-email = E-mail
field-password = Password
password-hint = At least { $least } characters.

## Language

language = Language
language-choose = Choose a language
language-as-browser = As the browser says
language-save = Save language

## What is done with a message

versions = Versions
version-previous = Previous version
version-next = Next version

## Errors: conversations and models

conversation-busy = An answer is still being written here. Wait for it, or stop it, and send again.
