#pragma once
#include <stdatomic.h>
#include "CLuaShims.h"

// A resume on the C stack; the chain leads from the running coroutine to the main thread.
typedef struct RhoResume {
    lua_State *thread;
    struct RhoResume *previous;
} RhoResume;

struct RhoHost {
    RhoCallbacks callbacks;
    void *owner;                          // the Swift LuaState, unretained
    lua_State *main;
    _Atomic(lua_State *) current;         // the thread whose instructions run now; read by the signal handler
    RhoResume *resumed;
    int tail_arguments;
    int swift_depth;                      // > 0 while a Swift frame may be on the stack: allocation must not fail then

    int64_t fail_after;                   // tests: 2 more than the allocations before the one that fails, 0 = none

    bool warnings, warning_continues;
    size_t used, soft_limit, hard_limit;  // Lua's heap
    uint64_t serial;                      // of the last collectable object
    int64_t external, external_peak, pending, batch, soft_external, objects;

    volatile sig_atomic_t reason;         // an unwinding that C has been asked to start
    int unwinding;                        // the reason of the one under way
    bool caught;                          // Swift was handed the unwinding value and has not passed it on yet
    int64_t instructions_left;            // sandbox budget, -1 = none
    double deadline;                      // monotonic seconds, 0 = none
};

RhoHost *rho_host(lua_State *L);
void *rho_allocate(void *host, void *block, size_t old, size_t size);
void rho_hook(lua_State *L, lua_Debug *event);
void rho_arm(RhoHost *host, int reason);     // async-signal-safe
void rho_push_unwind_value(lua_State *L);
bool rho_is_unwind(lua_State *L, int index);
void rho_hook_thread(RhoHost *host, lua_State *thread);
void rho_signals_forget(RhoHost *host);

int rho_lua_pairs(lua_State *L);
int rho_lua_next(lua_State *L);
int rho_lua_sort(lua_State *L);
int rho_lua_pcall(lua_State *L);
int rho_lua_xpcall(lua_State *L);
extern const luaL_Reg rho_coroutine_library[];
