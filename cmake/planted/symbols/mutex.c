// expect: pthread_mutex_lock: thread
#include <pthread.h>
int fault(pthread_mutex_t* m) { return pthread_mutex_lock(m); }
