/*
 * Leaving the engine from outside: the signal that the watchdog sends to a thread whose
 * guest has not stopped in time.
 */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "handlers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* One for each thread that has entered a runtime; `watchdog::Watched` begins with the same
   fields. */
struct quickvm_thread {
  /* When the guest that runs is to stop, and when it is to be left, in nanoseconds on the
     watchdog's clock. */
  _Atomic int64_t stop_at, leave_at;
  /* That clock, as of the last signal. */
  _Atomic int64_t now;
  /* Of the innermost entry on this thread. */
  struct quickvm_guard *_Atomic guard;
};

#if defined(_WIN32)

bool quickvm_install_signal(bool with_faults) {
  (void)with_faults;
  return false;
}
void quickvm_adopt_thread(struct quickvm_thread *thread) { (void)thread; }
void quickvm_block_signals(void) {}
uint64_t quickvm_this_thread(void) { return 0; }
void quickvm_send_signal(uint64_t thread) { (void)thread; }
void quickvm_catch_up(struct quickvm_guard *guard) { guard->missed = 0; }

#else

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <mach-o/getsect.h>
#else
#include <link.h>
#include <sys/syscall.h>
#endif

/* Rust's: makes the guest's next interrupt check come at once. It only reads and writes
   numbers, and Rust is not at work where the guard has a frame. */
void quickvm_on_late(const struct quickvm_guard *guard);

/* Leads to the record of a thread. Not `__thread`: a thread that has none yet would get the
   memory for that in the handler of its fault, which may have come in the midst of `malloc`. */
static pthread_key_t here;

/* Where an interrupted function may be left. */

struct range {
  uintptr_t start, end;
};

static bool within(struct range range, uintptr_t address) {
  return address >= range.start && address < range.end;
}

/* This library's code: the engine, the guard, and Rust, which runs under no frame. */
static struct range own_code;

/* Functions that loops of the engine may spend nearly all their time in. They hold no lock.
   Where they end is not known; what lies behind them are others of their kind. */
static const char *const LEAVES[] = {"memchr", "memcmp", "memcpy", "memmove", "memset", "strlen"};
enum { LEAF_COUNT = sizeof LEAVES / sizeof *LEAVES, LEAF_SIZE = 4096 };
static struct range leaves[LEAF_COUNT];

#if defined(__APPLE__)
static void find_own_code(void) {
  Dl_info info;
  unsigned long size = 0;
  if (dladdr((void *)find_own_code, &info) != 0) {
    const uint8_t *start = getsectiondata(info.dli_fbase, "__TEXT", "__text", &size);
    own_code = (struct range){(uintptr_t)start, (uintptr_t)start + size};
  }
}
#else
static int examine(struct dl_phdr_info *library, size_t size, void *address) {
  (void)size;
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &library->dlpi_phdr[i];
    const uintptr_t start = library->dlpi_addr + part->p_vaddr;
    const struct range range = {start, start + part->p_memsz};
    if (part->p_type == PT_LOAD && (part->p_flags & PF_X) && within(range, (uintptr_t)address)) {
      own_code = range;
      return 1;
    }
  }
  return 0;
}

static void find_own_code(void) {
  dl_iterate_phdr(examine, (void *)find_own_code);
}
#endif

/* The interrupted instruction, and where a function without a frame would return to. */
struct place {
  uintptr_t at, caller;
};

static struct place interrupted(void *context) {
  ucontext_t *const machine = context;
#if defined(__APPLE__) && defined(__aarch64__)
  return (struct place){__darwin_arm_thread_state64_get_pc(machine->uc_mcontext->__ss),
                        __darwin_arm_thread_state64_get_lr(machine->uc_mcontext->__ss)};
#elif defined(__APPLE__) && defined(__x86_64__)
  return (struct place){machine->uc_mcontext->__ss.__rip,
                        *(uintptr_t *)machine->uc_mcontext->__ss.__rsp};
#elif defined(__aarch64__)
  return (struct place){machine->uc_mcontext.pc, machine->uc_mcontext.regs[30]};
#elif defined(__x86_64__)
  return (struct place){machine->uc_mcontext.gregs[REG_RIP],
                        *(uintptr_t *)machine->uc_mcontext.gregs[REG_RSP]};
#else
  (void)machine;
  return (struct place){0, 0};
#endif
}

bool quickvm_is_own_code(void *context) {
  return within(own_code, interrupted(context).at);
}

bool quickvm_may_be_left(void *context) {
  const struct place place = interrupted(context);
  if (within(own_code, place.at)) return true;
  for (int i = 0; i < LEAF_COUNT; i++) {
    if (within(leaves[i], place.at)) return within(own_code, place.caller);
  }
  return false;
}

struct quickvm_guard *quickvm_guest_at_work(void) {
  struct quickvm_thread *thread = pthread_getspecific(here);
  struct quickvm_guard *guard = thread == NULL ? NULL : thread->guard;
  return guard == NULL || guard->frame == NULL ? NULL : guard;
}

/* The handler. */

static struct sigaction others;

static void pass_on(int number, siginfo_t *info, void *context) {
  if (others.sa_flags & SA_SIGINFO) {
    others.sa_sigaction(number, info, context);
  } else if (others.sa_handler != SIG_DFL && others.sa_handler != SIG_IGN) {
    others.sa_handler(number);
  }
}

static bool is_due(const struct quickvm_thread *thread, const struct quickvm_guard *guard) {
  return thread->stop_at <= thread->now || *guard->is_over;
}

/* A guest that is ended from elsewhere has the grace from when it first hears of that. */
static void begin_grace(struct quickvm_thread *thread, const struct quickvm_guard *guard) {
  if (thread->stop_at <= thread->now) return;
  const int64_t now = thread->now;
  thread->leave_at = guard->grace < INT64_MAX - now ? now + guard->grace : INT64_MAX;
  thread->stop_at = now;
}

/* Has a guest stop that may be on its way to the next interrupt check, which comes after so
   many steps. It is Rust's, so no jump may start there. */
static void hurry(struct quickvm_guard *guard) {
  struct frame *frame = guard->frame;
  guard->frame = NULL;
  quickvm_on_late(guard);
  guard->frame = frame;
}

static void on_signal(int number, siginfo_t *info, void *context) {
  struct quickvm_thread *thread = pthread_getspecific(here);
  struct quickvm_guard *guard = thread != NULL ? thread->guard : NULL;
  if (guard == NULL || !is_due(thread, guard)) {
    /* Too late, or never meant for us. */
    pass_on(number, info, context);
    return;
  }
  if (guard->frame == NULL) {
    guard->missed = 1;
    return;
  }
  begin_grace(thread, guard);
  if (thread->leave_at <= thread->now && quickvm_may_be_left(context)) {
    quickvm_jump(guard, OUT_OF_TIME);
  }
  hurry(guard);
}

/* A guest that spends nearly all its time in the heap's functions, which are Rust's, is met
   there by nearly all signals. So they leave word, for when Rust is done. */
void quickvm_catch_up(struct quickvm_guard *guard) {
  struct quickvm_thread *thread = pthread_getspecific(here);
  guard->missed = 0;
  /* The word may be an old one. */
  if (thread == NULL || thread->guard != guard || !is_due(thread, guard)) return;
  begin_grace(thread, guard);
  if (thread->leave_at <= thread->now) quickvm_jump(guard, OUT_OF_TIME);
  hurry(guard);
}

static int stop_signal;

int quickvm_stop_signal(void) {
  return stop_signal;
}

/* One that nobody handles, if there is one. */
static int choose_signal(void) {
#if defined(__APPLE__)
  return SIGEMT;
#else
  for (int number = SIGRTMAX; number > SIGRTMIN; number--) {
    struct sigaction current;
    if (sigaction(number, NULL, &current) == 0 && !(current.sa_flags & SA_SIGINFO) &&
        current.sa_handler == SIG_DFL) {
      return number;
    }
  }
  return SIGRTMAX;
#endif
}

/* Makes ready to leave guests that are late, and those in which the engine fails. Answers
   whether that is possible here. Called once. */
bool quickvm_install_signal(bool with_faults) {
  find_own_code();
  for (int i = 0; i < LEAF_COUNT; i++) {
    const uintptr_t start = (uintptr_t)dlsym(RTLD_DEFAULT, LEAVES[i]);
    if (start != 0) leaves[i] = (struct range){start, start + LEAF_SIZE};
  }
  if (own_code.start == 0 || pthread_key_create(&here, NULL) != 0) return false;
  /* The handler and the watchdog stay, so this library must, too. */
  Dl_info info;
  if (dladdr((void *)find_own_code, &info) != 0) {
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
  /* The handler is left by a jump, and must not be blocked after that: SA_NODEFER. */
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  stop_signal = choose_signal();
  if (sigaction(stop_signal, &ours, &others) != 0) return false;
  if (with_faults) quickvm_install_faults();
  return true;
}

/* Makes `thread` the record of the calling thread; null when it ends. */
void quickvm_adopt_thread(struct quickvm_thread *thread) {
  pthread_setspecific(here, thread);
  if (thread != NULL) {
    quickvm_give_fault_stack();
  } else {
    quickvm_take_fault_stack();
  }
}

/* Leaves all signals to other threads. */
void quickvm_block_signals(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
}

#if defined(__APPLE__)
uint64_t quickvm_this_thread(void) { return (uint64_t)(uintptr_t)pthread_self(); }
void quickvm_send_signal(uint64_t thread) {
  pthread_kill((pthread_t)(uintptr_t)thread, stop_signal);
}
#else
uint64_t quickvm_this_thread(void) { return (uint64_t)syscall(SYS_gettid); }
void quickvm_send_signal(uint64_t thread) {
  syscall(SYS_tgkill, getpid(), (pid_t)thread, stop_signal);
}
#endif

#endif
