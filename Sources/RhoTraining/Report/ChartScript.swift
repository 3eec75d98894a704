extension Chart {
    /// Colours that stay apart for colour-blind readers and in grey print (Okabe and Ito), strongest first.
    static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#444444"]

    /// The gnuplot script; paths in it are relative to its own directory.
    func scriptText(name: String) -> String {
        var lines = [
            "# Redraw with: gnuplot \(name.filter { !$0.isNewline }).gnuplot",
            "set encoding utf8",
            "set border 3 linecolor rgb '#888888' linewidth 1",
            "set tics nomirror out scale 0.6 textcolor rgb '#444444'",
            "set grid back linetype 1 linecolor rgb '#e6e6e6' linewidth 0.8",
            "set rmargin 5",
            "set title \(Chart.quoted(title)) noenhanced font ',15' offset 0,-0.3",
            "set xlabel \(Chart.quoted(xLabel)) noenhanced offset 0,0.3",
            "set ylabel \(Chart.quoted(yLabel)) noenhanced offset 0.5,0",
            "set key top right reverse Left noenhanced samplen 2.2 spacing 1.25 opaque",
            "set offsets 0, 0, graph 0.05, graph 0.05",
        ]
        lines += horizontalAxis
        if logY { lines.append("set logscale y 10") }
        // A name of its own choice could begin with | or <, which gnuplot takes for a program to run.
        lines.append("data = \(Chart.quoted("./\(name).dat"))")
        let plot = plotCommand
        for format in formats {
            let output = Chart.quoted("./\(name).\(format.rawValue)")
            lines += ["set terminal \(terminal(format))", "set output \(output)", plot, "set output"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func terminal(_ format: Format) -> String {
        switch format {
        case .svg: "svg size \(width),\(height) dynamic enhanced font 'Helvetica,13' background rgb 'white'"
        case .png:
            "pngcairo size \(width * 2),\(height * 2) enhanced font 'Helvetica,13' fontscale 1.6 linewidth 1.6"
        // 72 points an inch: a column of a paper is half as wide as a screen, so the letters are the larger.
        case .pdf:
            "pdfcairo size \(Text.fixed(Double(width) / 144, 2))in,\(Text.fixed(Double(height) / 144, 2))in enhanced font 'Helvetica,10' fontscale 0.7"
        }
    }

    /// Ticks of the horizontal axis: gnuplot cannot write 2.5M and 3M on one axis, so they are placed here.
    private var horizontalAxis: [String] {
        if logX { return ["set logscale x 10", "set format x '%.0s%c'"] }
        let values = series.flatMap(\.x).filter(\.isFinite)
        guard let low = values.min(), let high = values.max(), high > low, high - low < .infinity else { return [] }
        let step = Chart.niceStep(high - low, ticks: 8)
        var labels: [String] = []
        var tick = (low / step).rounded(.up)
        while tick * step <= high + step * 1e-9, labels.count < 40 {
            let value = tick * step
            labels.append("\(Chart.quoted(Chart.tickLabel(value))) \(Text.short(value))")
            tick += 1
        }
        return ["set xrange [\(Text.short(low)):\(Text.short(high))]", "set xtics (\(labels.joined(separator: ", ")))"]
    }

    /// The largest of 1, 2, 2.5, 5 times a power of ten that gives at least half of `ticks` steps.
    static func niceStep(_ span: Double, ticks: Int) -> Double {
        let raw = span / Double(ticks)
        var power = 1.0
        while power * 10 <= raw { power *= 10 }
        while power > raw { power /= 10 }
        return power * ([1, 2, 2.5, 5, 10].first { $0 * power >= raw } ?? 10)
    }

    /// 0, 250k, 2.5M: no zeros that say nothing.
    static func tickLabel(_ value: Double) -> String {
        for (scale, unit) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] where abs(value) >= scale {
            let divisor = scale == 1e4 ? 1e3 : scale
            return Text.short((value / divisor * 1e6).rounded() / 1e6) + unit
        }
        return Text.short((value * 1e9).rounded() / 1e9)
    }

    private var plotCommand: String {
        var bands: [String] = []
        var curves: [String] = []
        for (index, line) in series.enumerated() {
            let colour = Chart.palette[index % Chart.palette.count]
            if !line.spread.isEmpty {
                bands.append(
                    "data index \(index) using 1:3:4 with filledcurves linecolor rgb '\(colour)' "
                        + "fillstyle transparent solid 0.15 noborder notitle")
            }
            let style = line.x.count == 1 ? "points pointtype 7 pointsize 0.9" : "lines linewidth 2.2"
            // After one round of the palette, dashes keep the series apart.
            let dash = line.dashed || index >= Chart.palette.count ? " dashtype '-'" : ""
            curves.append(
                "data index \(index) using 1:2 with \(style)\(line.x.count == 1 ? "" : dash) "
                    + "linecolor rgb '\(colour)' title \(Chart.quoted(line.name))")
        }
        return "plot " + (bands + curves).joined(separator: ", \\\n     ")
    }
}
