#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
#include <editline/readline.h>

// Swift does not let code of several modules touch C globals; these functions are the settings that rhoscript uses.

/// Called with the word before the cursor and its place in the line; returns a malloc'ed list whose first entry is what
/// all the others begin with, or NULL where there is nothing to offer.
typedef char **(*rho_completer)(const char *word, int start, int end);

/// The next character, or -1 where there is none.
typedef int (*rho_reader)(FILE *);

// The terminal gives up its own editing before the prompt is seen: a Ctrl-D typed right after it is a key then.
static inline int rho_edit_take_terminal(void) {
    rl_prep_terminal(1);
    return 0;
}

static inline void rho_edit_begin(rho_completer completer, rho_reader reader) {
    setlocale(LC_CTYPE, "");
    rl_readline_name = "rhoscript";
    rl_getc_function = reader;
    rl_pre_input_hook = rho_edit_take_terminal;
    rl_initialize();
    rl_attempted_completion_function = completer;
    // A name with dots and colons is one word.
    rl_completer_word_break_characters = (char *)" \t\n\"'`(){}[]<>=,;+-*/%^#&|~@$?!\\";
}

/// The line as typed so far.
static inline const char *rho_edit_line(void) { return rl_line_buffer ? rl_line_buffer : ""; }

/// What follows a completed word: a space, or nothing (0).
static inline void rho_edit_after_word(int letter) { rl_completion_append_character = letter; }

/// No file names where the completer offers nothing.
static inline void rho_edit_no_files(void) { rl_attempted_completion_over = 1; }
