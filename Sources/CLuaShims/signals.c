// SIGINT, SIGTERM and SIGUSR1. The first of a kind asks the script to stop, the second one has its default effect.
//
// The handler only touches atomics, Lua's hook (which the manual allows from a signal handler) and async-signal-safe
// calls. A signal that lands on another thread is sent on to the one that runs Lua.
#include "internal.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Atomic(RhoHost *) handled_host;
static pthread_t lua_thread;
static volatile sig_atomic_t received;
static volatile sig_atomic_t graceful;
static volatile sig_atomic_t acknowledged;
static unsigned grace;
static const int handled[] = {SIGINT, SIGTERM, SIGUSR1};
enum { HANDLED = sizeof handled / sizeof handled[0] };

static void arm_script(void) {
    RhoHost *host = atomic_load(&handled_host);
    if (host != NULL) rho_arm(host, RHO_UNWIND_SIGNAL);
}

static void react(int signal) {
    bool first = received == 0;
    if (first) received = signal;
    if (!first || graceful == 0) {
        if (acknowledged == 0 || !first) arm_script();
    } else if (grace > 0) {
        alarm(grace);
    }
}

static void on_signal(int signal) {
    int saved = errno;
    if (!pthread_equal(pthread_self(), lua_thread)) {
        pthread_kill(lua_thread, signal);
    } else {
        struct sigaction standard;
        memset(&standard, 0, sizeof standard);
        standard.sa_handler = SIG_DFL;
        sigaction(signal, &standard, NULL);
        react(signal);
    }
    errno = saved;
}

// Nothing reacted within the grace period: the script is stopped where it stands.
static void on_alarm(int signal) {
    (void)signal;
    int saved = errno;
    if (!pthread_equal(pthread_self(), lua_thread)) pthread_kill(lua_thread, SIGALRM);
    else if (received != 0 && acknowledged == 0) arm_script();
    errno = saved;
}

static void set_handlers(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    action.sa_handler = on_signal;
    for (int i = 0; i < HANDLED; i++) sigaction(handled[i], &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);

    // Threads of a worker pool start with every signal blocked. Last: one that waits is for the handlers.
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < HANDLED; i++) sigaddset(&set, handled[i]);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void rho_signals_install(lua_State *L, unsigned grace_seconds) {
    lua_thread = pthread_self();
    grace = grace_seconds;
    received = 0;
    acknowledged = 0;
    atomic_store(&handled_host, rho_host(L));
    set_handlers();
}

void rho_signals_uninstall(void) {
    atomic_store(&handled_host, NULL);
    for (int i = 0; i < HANDLED; i++) signal(handled[i], SIG_DFL);
    signal(SIGALRM, SIG_DFL);
}

void rho_signals_forget(RhoHost *host) {
    if (atomic_load(&handled_host) == host) rho_signals_uninstall();
}

void rho_signals_raise(int signal) {
    if (atomic_load(&handled_host) == NULL) {
        if (received == 0) received = signal;
    } else if (pthread_equal(pthread_self(), lua_thread)) {
        react(signal);
    } else {
        pthread_kill(lua_thread, signal);
    }
}

void rho_signals_follow_parent(int signal) { prctl(PR_SET_PDEATHSIG, signal); }

int rho_signals_received(void) { return received; }

void rho_signals_clear(void) {
    alarm(0);
    received = 0;
    acknowledged = 0;
    if (atomic_load(&handled_host) != NULL) set_handlers();
}

void rho_signals_graceful(bool on) {
    graceful += on ? 1 : -1;
    if (on || graceful > 0 || received == 0) return;
    alarm(0);
    acknowledged = 0;
    arm_script();
}

void rho_signals_acknowledge(void) {
    if (received == 0) return;
    acknowledged = 1;
    alarm(0);
}
