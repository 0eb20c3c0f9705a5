// The arithmetic of analysis/statistics: Wilson's interval, the binomial-normal model of pooled proportions and the decline of
// a proportion over time, both by maximum likelihood with Student's t and a prediction interval. tests/test_repool.py
// compares them with the Python.
var repool = (function () {
  var TAUS = [0], STEEP_LIMIT = 50, BEYOND = 30, REACH = 8.7, PACE = 0.35;
  for (var i = 0; i < 8; i++) TAUS.push(0.1 * Math.pow(2, i));

  function expit(t) { return t >= 0 ? 1 / (1 + Math.exp(-t)) : Math.exp(t) / (1 + Math.exp(t)); }
  function softplus(t) { return Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t))); }
  function sum(values) { return values.reduce(function (a, b) { return a + b; }, 0); }

  // z: two-sided quantile of the normal distribution
  function wilson(x, n, z) {
    var p = x / n, denominator = 2 * (n + z * z);
    var centre = (2 * n * p + z * z) / denominator, half = z / denominator * Math.sqrt(4 * n * p * (1 - p) + z * z);
    return [x === 0 ? 0 : centre - half, x === n ? 1 : centre + half];
  }

  // the solution of H x = g
  function solve(H, g) {
    var n = g.length, m = H.map(function (row, i) { return row.concat(g[i]); }), i, j, k;
    for (i = 0; i < n; i++) {
      var pivot = i;
      for (j = i + 1; j < n; j++) if (Math.abs(m[j][i]) > Math.abs(m[pivot][i])) pivot = j;
      var row = m[pivot]; m[pivot] = m[i]; m[i] = row;
      for (j = 0; j < n; j++) {
        var share = m[j][i] / m[i][i];
        for (k = i; j !== i && k <= n; k++) m[j][k] -= share * m[i][k];
      }
    }
    return m.map(function (row, i) { return row[n] / row[i]; });
  }
  function largest(values) { return Math.max.apply(null, values.map(Math.abs)); }
  function eta(row, beta) { return sum(beta.map(function (value, i) { return value * row[2][i]; })); }

  // A study is a list of counts [events, patients, design]; the design begins with 1. Its likeliest standardised deviation,
  // and the width of the peak there.
  function peak(study, fixed, tau) {
    var b = 0, longest = 2 / tau, excess, spread;
    function at() {
      excess = spread = 0;
      study.forEach(function (row, i) {
        var p = expit(fixed[i] + tau * b);
        excess += row[0] - row[1] * p; spread += row[1] * p * (1 - p);
      });
    }
    for (var i = 0; tau > 0 && i < 100; i++) {
      at();
      var step = (tau * excess - b) / (1 + tau * tau * spread);
      step = Math.max(-longest, Math.min(longest, step));
      b += step;
      if (Math.abs(step) < 1e-6) break;
    }
    at();
    return { at: b, width: 1 / Math.sqrt(1 + tau * tau * spread) };
  }

  // log-likelihood at (beta, tau) up to a constant, its gradient and Hessian, tau last: each study's integral by the
  // trapezoidal rule
  function moments(data, beta, tau) {
    var p = beta.length, out = { height: 0, slope: zeros(p + 1), curve: zeros(p + 1).map(function () { return zeros(p + 1); }) };
    data.forEach(function (study) {
      var fixed = study.map(function (row) { return eta(row, beta); }), top = peak(study, fixed, tau), i, k;
      var x = sum(study.map(function (row) { return row[0]; })), n = sum(study.map(function (row) { return row[1]; }));
      var fewer = Math.max(Math.min(x, n - x), 1e-9), reach = tau > 0 ? Math.min(REACH, (2 + 90 / fewer) / tau) : REACH;
      var half = Math.ceil(reach / Math.min(tau > 0 ? PACE / tau : 1, 0.6 * top.width));
      var terms = [], most = -Infinity, j, b;
      for (j = -half; j <= half; j++) {
        b = top.at + reach * j / half;
        var term = -b * b / 2;
        study.forEach(function (row, r) { var e = fixed[r] + tau * b; term += row[0] * e - row[1] * softplus(e); });
        terms.push(term);
        most = Math.max(most, term);
      }
      var total = 0, mean = zeros(p + 1), square = out.curve.map(function () { return zeros(p + 1); });
      for (j = -half; j <= half; j++) {
        b = top.at + reach * j / half;
        var share = Math.exp(terms[j + half] - most), g = zeros(p + 1), v = square.map(function () { return zeros(p + 1); });
        study.forEach(function (row, r) {
          var q = expit(fixed[r] + tau * b), residual = row[0] - row[1] * q, spread = row[1] * q * (1 - q), d = row[2].concat(b);
          for (i = 0; i <= p; i++) {
            g[i] += residual * d[i];
            for (k = 0; k <= p; k++) v[i][k] += spread * d[i] * d[k];
          }
        });
        total += share;
        for (i = 0; i <= p; i++) {
          mean[i] += share * g[i];
          for (k = 0; k <= p; k++) square[i][k] += share * (g[i] * g[k] - v[i][k]);
        }
      }
      out.height += most + Math.log(total * reach / half);
      for (i = 0; i <= p; i++) {
        out.slope[i] += mean[i] / total;
        for (k = 0; k <= p; k++) out.curve[i][k] += square[i][k] / total - mean[i] * mean[k] / total / total;
      }
    });
    return out;
  }
  function zeros(n) { return new Array(n).fill(0); }
  function block(matrix, n, sign) { return matrix.slice(0, n).map(function (row) { return row.slice(0, n).map(function (value) { return sign * value; }); }); }

  // the likeliest beta at this tau, by Newton's method with step-halving; null if there is none
  function bestBeta(data, tau, beta, tolerance) {
    var p = beta.length, now = moments(data, beta, tau);
    for (var i = 0; i < 50; i++) {
      var steps = solve(block(now.curve, p, -1), now.slope.slice(0, p)), length = largest(steps), longest = 2 + tau;
      if (!isFinite(length)) return null;
      if (length > longest) steps = steps.map(function (step) { return step * longest / length; });
      if (steps.every(function (step, n) { return Math.abs(step) <= tolerance * (1 + Math.abs(beta[n])); })) break;
      var moved = function () { return beta.map(function (value, n) { return value + steps[n]; }); };
      var steep = largest(now.slope.slice(0, p)), next = moments(data, moved(), tau);
      for (var h = 0; next.height < now.height && largest(next.slope.slice(0, p)) >= steep && h < 10; h++) {
        steps = steps.map(function (step) { return step / 2; });
        next = moments(data, moved(), tau);
      }
      if (largest(next.slope.slice(0, p)) >= steep && Math.abs(next.height - now.height) <= 1e-12 * Math.abs(now.height)) break;
      beta = moved();
      now = next;
      if (Math.abs(beta[0]) > 2 * BEYOND + 3 * tau) break;
    }
    return { beta: beta, at: now };
  }

  // a root of f between two values where it has opposite signs, by regula falsi with the Illinois rule
  function root(f, low, high) {
    var atLow = f(low), atHigh = f(high), side = 0;
    for (var i = 0; i < 200 && high - low > 1e-13 * (1 + high); i++) {
      var middle = (low * atHigh - high * atLow) / (atHigh - atLow);
      if (!(middle > low && middle < high) || i % 8 === 7) middle = (low + high) / 2;
      var value = f(middle);
      if (value === 0) return middle;
      if (value > 0) {
        low = middle; atLow = value;
        if (side > 0) atHigh /= 2;
        side = 1;
      } else {
        high = middle; atHigh = value;
        if (side < 0) atLow /= 2;
        side = -1;
      }
    }
    return (low + high) / 2;
  }

  // the limit of slope / tau at tau = 0, times 2; -1 where it is 0 within rounding error
  function slopeAtZero(data, beta) {
    var expected = 0, excess = 0;
    data.forEach(function (study) {
      var more = 0;
      study.forEach(function (row) {
        var q = expit(eta(row, beta));
        expected += row[1] * q * (1 - q);
        more += row[0] - row[1] * q;
      });
      excess += more * more;
    });
    return excess - expected > 1e-9 * expected ? excess - expected : -1;
  }

  // maximum likelihood of beta and tau, with the covariance of beta; null if the rates are separated
  function fit(data) {
    var p = data[0][0][2].length, taus = TAUS.slice(), centres = [], tops = [], slopes = [], beta = zeros(p);
    for (var i = 0; i < taus.length; i++) {
      var tried = bestBeta(data, taus[i], beta, i ? 1e-3 : 1e-8);
      if (!tried) return null;
      beta = tried.beta;
      if (p > 1 && largest([].concat.apply([], data).map(function (row) { return eta(row, beta); })) > BEYOND + 3 * taus[i]) return null;
      centres.push(beta);
      tops.push(tried.at.height);
      slopes.push(i ? tried.at.slope[p] : slopeAtZero(data, beta));
      var highest = Math.max.apply(null, tops);
      if (tops[i] < highest - 12) break;
      if (i === taus.length - 1 && tops[i] >= highest && 2 * taus[i] < STEEP_LIMIT) taus.push(2 * taus[i]);
    }
    var best = tops.indexOf(Math.max.apply(null, tops)), tau = taus[best], start = centres[best], top = tops[best];
    // the likelihood may fall at first and then rise to a second, higher maximum
    centres.forEach(function (centre, i) {
      if (i === 0 || !(slopes[i - 1] > 0 && slopes[i] < 0)) return;
      function slope(at) { return at > 0 ? bestBeta(data, at, centre, 1e-8).at.slope[p] : slopes[0]; }
      if (!(slope(taus[i - 1]) > 0 && slope(taus[i]) < 0)) return;
      var found = root(slope, taus[i - 1], taus[i]), height = bestBeta(data, found, centre, 1e-8).at.height;
      if (height > top) { tau = found; start = centre; top = height; }
    });
    var end = bestBeta(data, tau, start, 1e-12), size = tau === 0 ? p : p + 1, information = block(end.at.curve, size, -1);
    var covariance = zeros(size).map(function (_, i) { return solve(information, zeros(size).map(function (_, k) { return k === i ? 1 : 0; })); });
    return { beta: end.beta, covariance: block(covariance, p, 1), tau: tau };
  }

  // counts: [responders, patients] of each study; critical: two-sided quantiles, normal first, then t with 1, 2, … degrees
  // of freedom. null is what cannot be estimated.
  function pool(counts, level, critical) {
    var k = counts.length, x = sum(counts.map(function (c) { return c[0]; })), n = sum(counts.map(function (c) { return c[1]; }));
    var out = { k: k, responders: x, patients: n, estimate: null, low: null, high: null, next_low: null, next_high: null, tau2: null };
    if (x === 0 || x === n) {
      var limit = Math.pow((1 - level) / 2, 1 / n); // Clopper and Pearson
      out.estimate = x === 0 ? 0 : 1;
      out.low = x === 0 ? 0 : limit;
      out.high = x === 0 ? 1 - limit : 1;
      return out;
    }
    if (k > 1 && counts.every(function (c) { return c[0] === 0 || c[0] === c[1]; })) return out;
    var mu = Math.log(x / (n - x)), se = Math.sqrt(1 / x + 1 / (n - x)), tau = 0, quantile = critical[k - 1];
    if (k > 1) {
      var fitted = fit(counts.map(function (c) { return [[c[0], c[1], [1]]]; }));
      mu = fitted.beta[0]; se = Math.sqrt(fitted.covariance[0][0]); tau = fitted.tau;
      out.tau2 = tau * tau;
      out.next_low = expit(mu - quantile * Math.hypot(se, tau));
      out.next_high = expit(mu + quantile * Math.hypot(se, tau));
    }
    out.estimate = expit(mu);
    out.low = expit(mu - quantile * se);
    out.high = expit(mu + quantile * se);
    return out;
  }

  // The decline of a proportion over log(1 + weeks). counts: [study, events, patients, weeks]. Returns the curve as a
  // function of weeks: [rate, low, high, next_low, next_high]; null where the counts do not determine it.
  function decline(counts, critical) {
    var studies = {}, times = {};
    counts.forEach(function (c) {
      (studies[c[0]] = studies[c[0]] || []).push([c[1], c[2], [1, Math.log1p(c[3])]]);
      times[c[3]] = true;
    });
    var k = Object.keys(studies).length, x = sum(counts.map(function (c) { return c[1]; })), n = sum(counts.map(function (c) { return c[2]; }));
    if (k < 3 || Object.keys(times).length < 2 || x === 0 || x === n) return null;
    var fitted = fit(Object.keys(studies).map(function (name) { return studies[name]; })), quantile = critical[k - 2];
    return fitted && function (weeks) {
      var t = Math.log1p(weeks), c = fitted.covariance, middle = fitted.beta[0] + fitted.beta[1] * t;
      var variance = c[0][0] + 2 * t * c[0][1] + t * t * c[1][1], half = quantile * Math.sqrt(variance);
      var reach = quantile * Math.sqrt(variance + fitted.tau * fitted.tau);
      return [middle, middle - half, middle + half, middle - reach, middle + reach].map(expit);
    };
  }
  return { wilson: wilson, pool: pool, decline: decline };
})();
