// pcall, xpcall and the coroutine functions that resume: as in Lua's own libraries, except that an unwinding passes
// through them and that the host knows which thread is running.
#include "internal.h"

static int finish_pcall(lua_State *L, int status, lua_KContext skip) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)skip;
    if (rho_is_unwind(L, -1)) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

int rho_lua_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

// upvalue: the script's handler, which must not replace an unwinding value
static int handle(lua_State *L) {
    if (rho_is_unwind(L, 1)) return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

int rho_lua_xpcall(lua_State *L) {
    int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

// A signal that arrives inside `enter` or `leave` arms one of the two threads; the check after the switch arms the
// other.
static void enter(RhoHost *host, RhoResume *frame, lua_State *thread) {
    frame->thread = thread;
    frame->previous = host->resumed;
    host->resumed = frame;
    atomic_store(&host->current, thread);
    rho_hook_thread(host, thread);
}

static void leave(RhoHost *host, RhoResume *frame, lua_State *parent) {
    host->resumed = frame->previous;
    atomic_store(&host->current, parent);
    rho_hook_thread(host, parent);
}

static lua_State *check_thread(lua_State *L) {
    lua_State *thread = lua_tothread(L, 1);
    luaL_argexpected(L, thread, 1, "coroutine");
    return thread;
}

// Moves the results, or the error value, onto L; returns their count, or -1 for an error.
static int resume(lua_State *L, lua_State *thread, int arguments) {
    if (!lua_checkstack(thread, arguments)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, thread, arguments);
    RhoResume frame;
    RhoHost *host = rho_host(L);
    int results = 0;
    enter(host, &frame, thread);
    int status = lua_resume(thread, L, arguments, &results);
    leave(host, &frame, L);
    if (status == LUA_OK || status == LUA_YIELD) {
        if (!lua_checkstack(L, results + 1)) {
            lua_pop(thread, results);
            lua_pushliteral(L, "too many results to resume");
            return -1;
        }
        lua_xmove(thread, L, results);
        return results;
    }
    lua_xmove(thread, L, 1);
    return -1;
}

static int close_thread(lua_State *L, lua_State *thread) {
    RhoResume frame;
    RhoHost *host = rho_host(L);
    enter(host, &frame, thread);
    int status = lua_resetthread(thread);
    leave(host, &frame, L);
    return status;
}

static int co_resume(lua_State *L) {
    lua_State *thread = check_thread(L);
    int results = resume(L, thread, lua_gettop(L) - 1);
    if (results < 0) {
        if (rho_is_unwind(L, -1)) return lua_error(L);
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int wrapped(lua_State *L) {
    lua_State *thread = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, thread, lua_gettop(L));
    if (results >= 0) return results;
    int status = lua_status(thread);
    if (status != LUA_OK && status != LUA_YIELD) {
        // The coroutine's stack still stands here: the last chance to note where the error came from.
        RhoHost *host = rho_host(L);
        lua_xmove(L, thread, 1);
        int depth = host->swift_depth;
        host->swift_depth = depth + 1;
        if (lua_checkstack(thread, LUA_MINSTACK)) host->callbacks.observe(thread);
        host->swift_depth = depth;
        close_thread(L, thread);
        lua_xmove(thread, L, 1);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);  // the coroutine never ran: the error is the caller's
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int co_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static bool is_closable(lua_State *L, lua_State *thread) {
    if (L == thread) return false;
    if (lua_status(thread) == LUA_YIELD) return true;
    if (lua_status(thread) != LUA_OK) return true;
    lua_Debug record;
    return !lua_getstack(thread, 0, &record);
}

static int co_close(lua_State *L) {
    lua_State *thread = check_thread(L);
    if (!is_closable(L, thread))
        return luaL_error(L, "cannot close a %s coroutine", L == thread ? "running" : "normal");
    if (close_thread(L, thread) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(thread, L, 1);
    if (rho_is_unwind(L, -1)) return lua_error(L);
    return 2;
}

const luaL_Reg rho_coroutine_library[] = {
    {"resume", co_resume}, {"wrap", co_wrap}, {"close", co_close}, {NULL, NULL}};

lua_State *rho_parent_thread(lua_State *L) {
    RhoHost *host = rho_host(L);
    if (L == host->main) return NULL;
    for (RhoResume *frame = host->resumed; frame != NULL; frame = frame->previous)
        if (frame->thread == L) return frame->previous == NULL ? host->main : frame->previous->thread;
    lua_State *running = atomic_load(&host->current);
    return running == L ? NULL : running;
}
