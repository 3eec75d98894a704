// The one way from Lua into Swift. Swift returns before anything is raised, so no Lua error ever jumps over its frames.
#include "internal.h"

static int after_tail_call(lua_State *L, int status, lua_KContext base) {
    (void)status;
    return lua_gettop(L) - (int)base;
}

static int trampoline(lua_State *L) {
    RhoHost *host = rho_host(L);
    void *function = lua_touserdata(L, lua_upvalueindex(1));
    int depth = host->swift_depth;
    host->swift_depth = depth + 1;
    int count = host->callbacks.dispatch(L, function);
    host->swift_depth = depth;
    if (host->caught) {
        // A native function may use an error up or make another one of it, but not of an unwinding.
        host->caught = false;
        rho_push_unwind_value(L);
        return lua_error(L);
    }
    if (count >= 0) return count;
    if (count == RHO_TAIL_CALL) {
        int arguments = host->tail_arguments;
        int base = lua_gettop(L) - arguments - 1;
        lua_callk(L, arguments, LUA_MULTRET, base, after_tail_call);
        return lua_gettop(L) - base;
    }
    return lua_error(L);
}

void rho_push_function(lua_State *L, void *function) {
    lua_pushlightuserdata(L, function);
    lua_pushcclosure(L, trampoline, 1);
}

bool rho_is_trampoline(lua_State *L, int index) { return lua_tocfunction(L, index) == trampoline; }

void rho_set_tail(lua_State *L, int arguments) { rho_host(L)->tail_arguments = arguments; }
