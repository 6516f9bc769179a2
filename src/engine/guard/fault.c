/*
 * Leaving the engine when it fails: when the processor refuses an instruction of its, or it
 * aborts. What fails anywhere else is none of ours, and goes to whoever handled it before.
 */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "handlers.h"

#if !defined(_WIN32)

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif

static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS };

/* Who handled them before. */
static struct sigaction others[FAULT_COUNT];

/* As if this library were not there. */
static void pass_on(int number, siginfo_t *info, void *context) {
  int i = 0;
  while (FAULTS[i] != number) i++;
  struct sigaction *other = &others[i];
  if (other->sa_flags & SA_SIGINFO) {
    other->sa_sigaction(number, info, context);
  } else if (other->sa_handler != SIG_DFL && other->sa_handler != SIG_IGN) {
    other->sa_handler(number);
  } else if (other->sa_handler == SIG_DFL || info->si_code > 0) {
    /* The instruction fails again, and ends the process; what was sent has to be sent again.
       A fault cannot be ignored. */
    struct sigaction by_default;
    memset(&by_default, 0, sizeof by_default);
    by_default.sa_handler = SIG_DFL;
    sigaction(number, &by_default, NULL);
    if (info->si_code <= 0) raise(number);
  }
}

/* Whether it was the engine that failed. */
static bool is_of_engine(int number, const siginfo_t *info, void *context) {
  if (number != SIGABRT) return info->si_code > 0 && quickvm_may_be_left(context);
  /* `abort` sends it, from deep in the C library and before it takes its lock. Nobody but the
     engine can have called that while it is at work. */
  return info->si_code <= 0 && info->si_pid == getpid() && !quickvm_is_own_code(context);
}

static void on_fault(int number, siginfo_t *info, void *context) {
  struct quickvm_guard *guard = quickvm_guest_at_work();
  if (guard != NULL && is_of_engine(number, info, context)) {
    guard->fault = number;
    /* As it was before; the jump does not see to that. */
    pthread_sigmask(SIG_SETMASK, &((ucontext_t *)context)->uc_sigmask, NULL);
    quickvm_jump(guard, FAULT);
  }
  pass_on(number, info, context);
}

static bool is_installed;

void quickvm_install_faults(void) {
  /* On a stack of its own: the one that there is may be what has run out. The signal that
     stops late guests waits: its handler would leave this one half done. */
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  sigaddset(&ours.sa_mask, quickvm_stop_signal());
  for (int i = 0; i < FAULT_COUNT; i++) {
    /* Asked first: the handler may be called before the call that installs it has returned. */
    sigaction(FAULTS[i], NULL, &others[i]);
    sigaction(FAULTS[i], &ours, NULL);
  }
  is_installed = true;
}

/* Enough also for handlers of others that print where the process was. */
enum { FAULT_STACK = 128 << 10 };

static __thread void *own_stack;

void quickvm_give_fault_stack(void) {
  stack_t stack;
  if (!is_installed || sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE)) return;
  void *start = mmap(NULL, FAULT_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return;
  stack = (stack_t){.ss_sp = start, .ss_size = FAULT_STACK};
  if (sigaltstack(&stack, NULL) == 0) {
    own_stack = start;
  } else {
    munmap(start, FAULT_STACK);
  }
}

void quickvm_take_fault_stack(void) {
  if (own_stack == NULL) return;
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0 && stack.ss_sp == own_stack) {
    stack = (stack_t){.ss_flags = SS_DISABLE, .ss_size = FAULT_STACK};
    sigaltstack(&stack, NULL);
  }
  munmap(own_stack, FAULT_STACK);
  own_stack = NULL;
}

#endif
