// The C side of the Lua host. Everything here that may raise a Lua error either runs with no Swift frame between it and
// the protected call that catches the error, or is itself protected and reports a status.
#pragma once
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RhoHost RhoHost;

// What Swift returns to the trampoline: a count of results, or one of these.
enum { RHO_RAISE = -1, RHO_TAIL_CALL = -2 };

// Why a script is being unwound past its own pcalls.
enum { RHO_UNWIND_NONE = 0, RHO_UNWIND_SIGNAL = 1, RHO_UNWIND_EXIT = 2, RHO_UNWIND_MEMORY = 3, RHO_UNWIND_TIME = 4 };

// Swift functions that C calls. None of them may let a Lua error pass through.
typedef struct {
    // Runs a declared function; arguments on the stack. Returns a count, RHO_RAISE (error value on top) or
    // RHO_TAIL_CALL (function and arguments on top, see rho_set_tail).
    int (*dispatch)(lua_State *L, void *function);
    // Drops the one reference that a box held.
    void (*drop)(void *object);
    // Pushes the error value for an unwinding that C starts.
    void (*unwind)(lua_State *L, int reason);
    // Sees the error value on top of the stack before the stack unwinds; must leave it there.
    void (*observe)(lua_State *L);
} RhoCallbacks;

// --- host.c: one per Lua state, reachable from every coroutine
lua_State *rho_host_open(RhoCallbacks callbacks);
void rho_host_close(lua_State *L);
RhoHost *rho_host(lua_State *L);
void *rho_host_owner(lua_State *L);
void rho_host_set_owner(lua_State *L, void *owner);
void rho_write_stdout(const void *bytes, size_t count);
lua_State *rho_parent_thread(lua_State *L);       // the thread that resumed L; NULL for the main thread
void rho_install_base(lua_State *L);            // pcall, xpcall, coroutine.*, pairs, next, table.sort into the globals

// --- trampoline.c
void rho_push_function(lua_State *L, void *function);
bool rho_is_trampoline(lua_State *L, int index);
void rho_set_tail(lua_State *L, int arguments);  // before RHO_TAIL_CALL

// --- protected.c: calls from Swift
int rho_pcall(lua_State *L, int arguments, int results);              // with the observing message handler
int rho_plain_pcall(lua_State *L, int arguments, int results);        // without it
int rho_load(lua_State *L, const char *bytes, size_t count, const char *name, const char *mode);
const char *rho_tolstring(lua_State *L, int index, size_t *length);   // pushes; __tostring under protection
int rho_gettable(lua_State *L, int index);                            // key on top -> value, or status and error
int rho_settable(lua_State *L, int index);                            // key, value on top
int rho_dump(lua_State *L, int index, void (*write)(void *context, const void *bytes, size_t count), void *context);
int rho_sorted_pairs(lua_State *L, int index);   // pushes a list k1, v1, k2, v2, ... in the order of pairs
int64_t rho_compare_keys(lua_State *L, int a, int b);  // the order of pairs: < 0, 0, > 0

// --- userdata.c
typedef struct {
    void *object;            // one strong reference, NULL once released
    const void *type;        // identity of the class
    uint64_t serial;         // creation order, the order of pairs
    int64_t bytes;           // counted towards the collector's pressure
    char *released_at;       // "x.lua:12" once released by the script
} RhoBox;

// Pushes the box of `object`, a strong reference that is consumed; makes one if there is none yet.
void rho_push_object(lua_State *L, void *object, const void *type, int64_t bytes);
// Pushes a new metatable for the class, registered under `type`, with __gc and protection set.
void rho_push_metatable(lua_State *L, const void *type, const char *name);
bool rho_push_known_metatable(lua_State *L, const void *type);
void rho_push_metatable_table(lua_State *L, const void *key);  // a new empty table, registered under `key`
const void *rho_error_key(void);                               // of the metatable of error values
// The box at `index` if it is a userdata made by rho_push_object, else NULL. Checked by metatable identity.
RhoBox *rho_box(lua_State *L, int index);
void rho_release_box(lua_State *L, RhoBox *box, const char *place);
// Pushes the __index function: methods first, then `fallback`, a declared function.
void rho_push_index(lua_State *L, int methods, void *fallback);

// --- memory.c
void rho_memory_limit(lua_State *L, size_t soft);           // 0 = none
void rho_fail_allocation(lua_State *L, int64_t after);      // tests: the next but so many fails, once; < 0 = none
int64_t rho_allocations_left(lua_State *L);                 // tests: < 2 once it has failed
size_t rho_memory_used(lua_State *L);                       // Lua's own heap, bytes
int64_t rho_external_bytes(lua_State *L);
int64_t rho_external_peak(lua_State *L);
int64_t rho_object_count(lua_State *L);
void rho_external_limits(lua_State *L, int64_t batch, int64_t soft);
void rho_external_add(lua_State *L, int64_t bytes);         // may run the collector
void rho_collect_garbage(lua_State *L);                     // a full collection
uint64_t rho_serial(lua_State *L, int index);               // creation serial of a table, closure or box; 0 = unknown

// --- unwind.c
void rho_begin_unwind(lua_State *L, int reason);  // error value on top of the stack becomes the unwinding value
void rho_request_unwind(lua_State *L, int reason);  // at the next instruction
int rho_unwinding(lua_State *L);
void rho_end_unwind(lua_State *L);
void rho_limit_time(lua_State *L, double seconds, int64_t instructions);  // 0 = none; from now on

// --- signals.c
void rho_signals_install(lua_State *L, unsigned grace_seconds);
void rho_signals_uninstall(void);
void rho_signals_raise(int signal);               // as if the signal had arrived; async-signal-safe
int rho_signals_received(void);                   // 0, or the number of the first signal
void rho_signals_follow_parent(int signal);       // the death of the parent process counts as this signal
void rho_signals_clear(void);
void rho_signals_graceful(bool on);
void rho_signals_acknowledge(void);
