/// A min-heap in an array.
enum BinaryHeap {
    static func push<Element: Comparable>(_ heap: inout [Element], _ element: Element) {
        heap.append(element)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            if heap[parent] <= element { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = element
    }

    static func pop<Element: Comparable>(_ heap: inout [Element]) -> Element? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= heap.count { break }
            if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
            if last <= heap[child] { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return top
    }
}
