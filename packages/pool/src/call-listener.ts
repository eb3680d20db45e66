/** An error in a listener is its program's, not the pool's: it surfaces as an uncaught one, and the pool goes on. */
export function callListener(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
