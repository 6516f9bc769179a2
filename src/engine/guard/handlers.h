/*
 * What the handlers of signals share: whose guest a thread is in, and where it may be left.
 */
#ifndef QUICKVM_HANDLERS_H
#define QUICKVM_HANDLERS_H

#include "guard.h"

/* The innermost guest of this thread, if the engine is at work for it; else null. */
struct quickvm_guard *quickvm_guest_at_work(void);

/* Whether the instruction that a signal has interrupted is the engine's, or one of a function
   of the C library's that the engine called and that may be left. */
bool quickvm_may_be_left(void *context);

/* Whether it is in this library's code. */
bool quickvm_is_own_code(void *context);

/* The signal that stops late guests. */
int quickvm_stop_signal(void);

/* Makes ready to leave guests in which the engine fails. */
void quickvm_install_faults(void);

/* Gives the calling thread a stack to handle faults on, and takes it away. */
void quickvm_give_fault_stack(void);
void quickvm_take_fault_stack(void);

#endif
