//! [`LANGUAGES`]: the languages that `lexer` colours, by their words and marks.

/// The syntax of a language. Lists of words are separated by spaces.
pub(super) struct Syntax {
    pub names: &'static str,
    pub keywords: &'static str,
    pub types: &'static str,
    pub constants: &'static str,
    pub line_comments: &'static [&'static str],
    pub block_comment: Option<(&'static str, &'static str)>,
    /// Comments may contain comments.
    pub nested: bool,
    /// Longer marks stand before shorter ones.
    pub quotes: &'static [Quote],
    /// Words that belong to the string after them; those with an `r` make it raw.
    pub prefixes: &'static [&'static str],
    pub raw: Option<&'static Quote>,
    /// `'a` is a name and `'a'` a character.
    pub lifetimes: bool,
    /// Capitalized names are types.
    pub capitals: bool,
    /// `/…/` is a regular expression unless an operand stands before it.
    pub regexes: bool,
    /// A string before a colon is the name of a field.
    pub fields: bool,
    /// Keywords may be in capitals.
    pub any_case: bool,
    /// A comment begins only after white space.
    pub shell: bool,
    /// Names may contain dashes; `.a` and `#a` are selectors, `#fff` is a colour.
    pub sheet: bool,
}

/// The marks of a string.
pub(super) struct Quote {
    pub open: &'static str,
    pub close: &'static str,
    /// The string may span lines.
    pub lines: bool,
    pub escapes: bool,
    /// The mark that begins code in the string, which ends with `}`.
    pub template: Option<&'static str>,
}

const fn quote(mark: &'static str) -> Quote {
    Quote { open: mark, close: mark, lines: false, escapes: true, template: None }
}

const fn lines(mark: &'static str) -> Quote {
    Quote { lines: true, ..quote(mark) }
}

const DOUBLE: Quote = quote("\"");
const SINGLE: Quote = quote("'");
const RAW: Quote = Quote { escapes: false, lines: true, ..DOUBLE };
const TEMPLATE: Quote = Quote { lines: true, template: Some("${"), ..quote("`") };
const BACKTICK: Quote = Quote { escapes: false, lines: true, ..quote("`") };

/// The base of languages that take after C.
const C_LIKE: Syntax = Syntax {
    names: "",
    keywords: "",
    types: "",
    constants: "true false null",
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    nested: false,
    quotes: &[DOUBLE, SINGLE],
    prefixes: &[],
    raw: None,
    lifetimes: false,
    capitals: true,
    regexes: false,
    fields: false,
    any_case: false,
    shell: false,
    sheet: false,
};

const JAVASCRIPT: Syntax = Syntax {
    names: "js javascript mjs cjs jsx node",
    keywords: "as async await break case catch class const continue debugger default delete do else export extends \
        finally for from function get if import in instanceof let new of return set static super switch this throw \
        try typeof var void while with yield",
    constants: "true false null undefined NaN Infinity",
    quotes: &[DOUBLE, SINGLE, TEMPLATE],
    regexes: true,
    ..C_LIKE
};

const C_WORDS: &str = "auto break case const continue default do else enum extern for goto if inline register restrict return \
    sizeof static struct switch typedef union volatile while";
const C_TYPES: &str = "bool char double float int int16_t int32_t int64_t int8_t long short signed size_t ssize_t \
    uint16_t uint32_t uint64_t uint8_t unsigned void wchar_t";

/// The languages with the names that people use for them.
pub(super) const LANGUAGES: &[Syntax] = &[
    Syntax {
        names: "rust rs",
        keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod \
            move mut pub ref return self static struct super trait type union unsafe use where while",
        types: "Self bool char f32 f64 i128 i16 i32 i64 i8 isize str u128 u16 u32 u64 u8 usize",
        constants: "true false None Some Ok Err",
        nested: true,
        quotes: &[Quote { lines: true, ..DOUBLE }, SINGLE],
        prefixes: &["r", "b", "br", "c", "cr"],
        raw: Some(&RAW),
        lifetimes: true,
        ..C_LIKE
    },
    JAVASCRIPT,
    Syntax {
        names: "ts typescript tsx mts cts",
        keywords: "abstract as asserts async await break case catch class const continue declare default delete do else \
            enum export extends finally for from function get if implements import in infer instanceof interface is \
            keyof let namespace new of override private protected public readonly return satisfies set static super \
            switch this throw try type typeof var void while with yield",
        types: "any bigint boolean never number object string symbol unknown",
        ..JAVASCRIPT
    },
    Syntax {
        names: "python py python3 py3 gyp",
        keywords: "and as assert async await break case class continue def del elif else except finally for from global \
            if import in is lambda match nonlocal not or pass raise return try while with yield",
        types: "bool bytes dict float frozenset int list object set str tuple",
        constants: "True False None self cls NotImplemented",
        line_comments: &["#"],
        block_comment: None,
        quotes: &[lines("\"\"\""), lines("'''"), DOUBLE, SINGLE],
        prefixes: &["f", "b", "u", "rf", "fr", "rb", "br", "r", "F", "B", "R"],
        ..C_LIKE
    },
    Syntax {
        names: "go golang",
        keywords: "break case chan const continue default defer else fallthrough for func go goto if import interface map \
            package range return select struct switch type var",
        types: "any bool byte complex128 complex64 error float32 float64 int int16 int32 int64 int8 rune string uint \
            uint16 uint32 uint64 uint8 uintptr",
        constants: "true false nil iota",
        quotes: &[DOUBLE, SINGLE, BACKTICK],
        ..C_LIKE
    },
    Syntax {
        names: "java",
        keywords: "abstract assert break case catch class continue default do else enum extends final finally for if \
            implements import instanceof interface native new package permits private protected public record return \
            sealed static super switch synchronized this throw throws transient try var volatile while yield",
        types: "boolean byte char double float int long short void",
        quotes: &[lines("\"\"\""), DOUBLE, SINGLE],
        ..C_LIKE
    },
    Syntax {
        names: "c h",
        keywords: C_WORDS,
        types: C_TYPES,
        constants: "true false NULL",
        capitals: false,
        ..C_LIKE
    },
    Syntax {
        names: "cpp c++ cc cxx hpp hxx",
        keywords: "alignas alignof auto break case catch class concept const consteval constexpr const_cast continue \
            co_await co_return co_yield decltype default delete do dynamic_cast else enum explicit export extern final for \
            friend goto if inline mutable namespace new noexcept operator override private protected public \
            reinterpret_cast requires return sizeof static static_assert static_cast struct switch template this throw \
            try typedef typeid typename union using virtual volatile while",
        types: C_TYPES,
        constants: "true false nullptr NULL",
        ..C_LIKE
    },
    Syntax {
        names: "csharp cs c#",
        keywords: "abstract as async await base break case catch checked class const continue default delegate do else \
            enum event explicit extern finally fixed for foreach get goto if implicit in init interface internal is lock \
            namespace new operator out override params private protected public readonly record ref required return \
            sealed set sizeof stackalloc static struct switch this throw try typeof unchecked unsafe using value var \
            virtual volatile when where while with yield",
        types: "bool byte char decimal double dynamic float int long nint object sbyte short string uint ulong ushort void",
        ..C_LIKE
    },
    Syntax {
        names: "kotlin kt kts",
        keywords: "abstract annotation as break by catch class companion const constructor continue crossinline data do \
            else enum final finally for fun get if import in init inline inner interface internal is lateinit noinline \
            object open operator out override package private protected public reified return sealed set super suspend \
            tailrec this throw try typealias val var vararg when where while",
        nested: true,
        quotes: &[lines("\"\"\""), Quote { template: Some("${"), ..DOUBLE }, SINGLE],
        ..C_LIKE
    },
    Syntax {
        names: "swift",
        keywords: "actor as associatedtype async await break case catch class continue convenience default defer deinit do \
            else enum extension fallthrough fileprivate final for func get guard if import in indirect init inout \
            internal is lazy let mutating open operator override private protocol public repeat required rethrows return \
            self set some static struct subscript super switch throw throws try typealias unowned var weak where while",
        constants: "true false nil",
        nested: true,
        quotes: &[lines("\"\"\""), DOUBLE],
        ..C_LIKE
    },
    Syntax {
        names: "zig",
        keywords: "align and anytype asm async await break catch comptime const continue defer else enum errdefer error \
            export extern fn for if inline noalias nosuspend opaque or orelse packed pub resume return struct suspend \
            switch test threadlocal try union unreachable usingnamespace var volatile while",
        types: "anyerror anyopaque bool comptime_float comptime_int f16 f32 f64 i16 i32 i64 i8 isize type u16 u32 u64 u8 \
            usize void",
        constants: "true false null undefined",
        block_comment: None,
        ..C_LIKE
    },
    Syntax {
        names: "dart",
        keywords: "abstract as assert async await base break case catch class const continue covariant default deferred do \
            else enum export extends extension external factory final finally for get hide if implements import in \
            interface is late library mixin new on operator part required rethrow return sealed set show static super \
            switch sync this throw try typedef var when while with yield",
        types: "bool double dynamic int num void",
        quotes: &[
            lines("\"\"\""),
            lines("'''"),
            Quote { template: Some("${"), ..DOUBLE },
            Quote { template: Some("${"), ..SINGLE },
        ],
        ..C_LIKE
    },
    Syntax {
        names: "scala sc",
        keywords: "abstract case catch class def do else enum export extends final finally for given if implicit import in \
            lazy match new object override package private protected return sealed super then this throw trait try type \
            using val var while with yield",
        quotes: &[lines("\"\"\""), DOUBLE],
        prefixes: &["s", "f", "raw"],
        nested: true,
        lifetimes: true,
        ..C_LIKE
    },
    Syntax {
        names: "sql mysql postgresql postgres plpgsql sqlite",
        keywords: "add all alter and any as asc begin between by case cast check column commit conflict constraint create \
            cross database default delete desc distinct do drop else end except exists explain filter for foreign from \
            full function grant group having if ilike in index inner insert intersect into is join key left like limit \
            materialized natural not nothing nulls offset on or order outer over partition primary references \
            returning revoke right rollback row rows select set table temporary then to transaction trigger truncate union \
            unique update using values view when where window with",
        types: "bigint bigserial blob boolean bytea char date datetime decimal double float int integer interval json \
            jsonb numeric precision real serial smallint text time timestamp timestamptz tinyint uuid varchar",
        line_comments: &["--"],
        quotes: &[Quote { escapes: false, ..SINGLE }, Quote { escapes: false, ..DOUBLE }],
        capitals: false,
        any_case: true,
        ..C_LIKE
    },
    Syntax {
        names: "json jsonc json5 jsonl geojson",
        quotes: &[DOUBLE],
        capitals: false,
        fields: true,
        ..C_LIKE
    },
    Syntax {
        names: "lua luau",
        keywords: "and break do else elseif end for function goto if in local not or repeat return then until while",
        constants: "true false nil self",
        line_comments: &["--"],
        block_comment: Some(("--[[", "]]")),
        capitals: false,
        ..C_LIKE
    },
    Syntax {
        names: "bash sh shell zsh ksh",
        keywords: "alias break case cd continue declare do done elif else esac eval exec exit export fi for function if in \
            local readonly return select set shift source sudo then trap unset until while",
        constants: "true false",
        line_comments: &["#"],
        block_comment: None,
        quotes: &[lines("\""), Quote { escapes: false, ..lines("'") }, lines("`")],
        capitals: false,
        shell: true,
        ..C_LIKE
    },
    Syntax {
        names: "ruby rb gemfile rake",
        keywords: "alias and attr_accessor attr_reader attr_writer begin break case class def defined? do else elsif end \
            ensure extend for if in include module next not or private protected public raise redo require \
            require_relative rescue retry return super then undef unless until when while yield",
        constants: "true false nil self __FILE__ __LINE__",
        line_comments: &["#"],
        block_comment: None,
        quotes: &[
            Quote { lines: true, template: Some("#{"), ..DOUBLE },
            lines("'"),
            Quote { template: Some("#{"), ..quote("`") },
        ],
        ..C_LIKE
    },
    // The grammars of these three take up to a second for a line.
    Syntax {
        names: "lisp cl clisp common-lisp commonlisp el elisp emacs-lisp",
        keywords: "and case catch cond condition declare defclass defconst defconstant defgeneric defmacro defmethod \
            defpackage defparameter defstruct deftype defun defvar do dolist dotimes flet if in-package labels lambda let \
            loop macrolet multiple-value-bind or prog1 progn quote return setf setq throw unless unwind-protect when while",
        constants: "t nil",
        line_comments: &[";"],
        block_comment: Some(("#|", "|#")),
        nested: true,
        quotes: &[lines("\"")],
        capitals: false,
        ..C_LIKE
    },
    Syntax {
        names: "makefile make mk mak gnumakefile",
        keywords: "define else endef endif export ifdef ifeq ifndef ifneq include override sinclude undefine unexport vpath",
        line_comments: &["#"],
        block_comment: None,
        quotes: &[DOUBLE, SINGLE],
        capitals: false,
        shell: true,
        ..C_LIKE
    },
    Syntax {
        names: "matlab octave",
        keywords: "break case catch classdef continue else elseif end enumeration events for function global if methods \
            otherwise parfor persistent properties return spmd switch try while",
        constants: "true false pi inf nan eps",
        line_comments: &["%"],
        block_comment: Some(("%{", "%}")),
        quotes: &[DOUBLE, Quote { escapes: false, ..SINGLE }],
        capitals: false,
        ..C_LIKE
    },
    Syntax {
        names: "css scss sass less",
        constants: "auto inherit initial none unset",
        line_comments: &["//"],
        capitals: false,
        shell: true,
        sheet: true,
        ..C_LIKE
    },
];
