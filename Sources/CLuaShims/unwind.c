// Unwinding: how an interrupt, os.exit or a sandbox limit leaves a script, whatever it is doing.
//
// Asking for an unwinding arms a hook of count 1 on the running thread; its first instruction raises the unwinding
// value. From then on pcall, xpcall and coroutine.resume pass that value on instead of catching it (control.c), so loops
// around them end too, and to-be-closed variables are closed on the way. The hook stays, with a long count, for closers
// that never return and for values that got lost on the way.
#include "internal.h"
#include <time.h>

static const char unwind_value;          // its address: registry key
enum { GRACE_INSTRUCTIONS = 1000000, BUDGET_STRIDE = 10000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool limited(RhoHost *host) { return host->deadline != 0 || host->instructions_left >= 0; }

void rho_hook_thread(RhoHost *host, lua_State *thread) {
    if (host->unwinding != RHO_UNWIND_NONE)
        lua_sethook(thread, rho_hook, LUA_MASKCOUNT, GRACE_INSTRUCTIONS);
    else if (host->reason != RHO_UNWIND_NONE)
        lua_sethook(thread, rho_hook, LUA_MASKCOUNT, 1);
    else if (limited(host))
        lua_sethook(thread, rho_hook, LUA_MASKCOUNT, BUDGET_STRIDE);
}

void rho_arm(RhoHost *host, int reason) {
    if (host->reason == RHO_UNWIND_NONE || reason == RHO_UNWIND_SIGNAL) host->reason = reason;
    lua_State *running = atomic_load(&host->current);
    if (running != NULL) lua_sethook(running, rho_hook, LUA_MASKCOUNT, 1);
}

void rho_push_unwind_value(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &unwind_value); }

void rho_begin_unwind(lua_State *L, int reason) {
    RhoHost *host = rho_host(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &unwind_value);
    host->unwinding = reason;
    host->reason = RHO_UNWIND_NONE;
    rho_hook_thread(host, L);
}

void rho_request_unwind(lua_State *L, int reason) { rho_arm(rho_host(L), reason); }

int rho_unwinding(lua_State *L) { return rho_host(L)->unwinding; }

void rho_end_unwind(lua_State *L) {
    RhoHost *host = rho_host(L);
    host->unwinding = RHO_UNWIND_NONE;
    host->reason = RHO_UNWIND_NONE;
    host->caught = false;
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &unwind_value);
    lua_sethook(host->main, NULL, 0, 0);
    rho_hook_thread(host, host->main);
}

bool rho_is_unwind(lua_State *L, int index) {
    if (rho_host(L)->unwinding == RHO_UNWIND_NONE) return false;
    index = lua_absindex(L, index);
    rho_push_unwind_value(L);
    bool same = lua_rawequal(L, -1, index);
    lua_pop(L, 1);
    return same;
}

void rho_limit_time(lua_State *L, double seconds, int64_t instructions) {
    RhoHost *host = rho_host(L);
    host->deadline = seconds > 0 ? now() + seconds : 0;
    host->instructions_left = instructions > 0 ? instructions : -1;
    rho_hook_thread(host, L);
}

static bool over_budget(RhoHost *host) {
    if (host->instructions_left >= 0 && (host->instructions_left -= BUDGET_STRIDE) < 0) {
        host->instructions_left = 0;
        return true;
    }
    return host->deadline != 0 && now() > host->deadline;
}

void rho_hook(lua_State *L, lua_Debug *event) {
    (void)event;
    RhoHost *host = rho_host(L);
    if (host->unwinding != RHO_UNWIND_NONE) {
        rho_push_unwind_value(L);
        lua_error(L);
    }
    int reason = host->reason;
    if (reason == RHO_UNWIND_MEMORY) {
        // Most of the heap may be garbage that the collector had no reason yet to take.
        lua_gc(L, LUA_GCCOLLECT);
        if (host->used < host->soft_limit) host->reason = reason = RHO_UNWIND_NONE;
    }
    if (reason == RHO_UNWIND_NONE && limited(host) && over_budget(host)) reason = RHO_UNWIND_TIME;
    if (reason == RHO_UNWIND_NONE) {
        lua_sethook(L, NULL, 0, 0);
        rho_hook_thread(host, L);
        return;
    }
    int depth = host->swift_depth;
    host->swift_depth = depth + 1;
    host->callbacks.unwind(L, reason);
    host->swift_depth = depth;
    rho_begin_unwind(L, reason);
    lua_error(L);
}
