namespace Hv.Vmm.Backends;

internal static class QueueExtensions
{
    /// <summary>Takes an item out of the middle; false when it is not there. The others keep their order.</summary>
    public static bool Remove<T>(this Queue<T> queue, T item) where T : class
    {
        bool isFound = false;
        for (int i = queue.Count; i > 0; i--)
        {
            T next = queue.Dequeue();
            if (ReferenceEquals(next, item)) isFound = true;
            else queue.Enqueue(next);
        }
        return isFound;
    }
}
