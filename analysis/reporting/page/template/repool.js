// The arithmetic of analysis/statistics: Wilson's interval, and the binomial-normal model of pooled proportions by maximum
// likelihood with Student's t and a prediction interval. tests/test_repool.py compares it with the Python.
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

  // the likeliest standardised deviation of a study, and the width of its peak
  function peak(x, n, mu, tau) {
    var b = 0, longest = 2 / tau, p;
    for (var i = 0; tau > 0 && i < 100; i++) {
      p = expit(mu + tau * b);
      var step = (tau * (x - n * p) - b) / (1 + tau * tau * n * p * (1 - p));
      step = Math.max(-longest, Math.min(longest, step));
      b += step;
      if (Math.abs(step) < 1e-6) break;
    }
    p = expit(mu + tau * b);
    return { at: b, width: 1 / Math.sqrt(1 + tau * tau * n * p * (1 - p)) };
  }

  // log-likelihood at (mu, tau) up to a constant, its gradient and Hessian: each study's integral by the trapezoidal rule
  function moments(data, mu, tau) {
    var out = { height: 0, mu: 0, tau: 0, mumu: 0, mutau: 0, tautau: 0 };
    data.forEach(function (study) {
      var x = study[0], n = study[1], top = peak(x, n, mu, tau), fewer = Math.max(Math.min(x, n - x), 1e-9);
      var reach = tau > 0 ? Math.min(REACH, (2 + 90 / fewer) / tau) : REACH;
      var half = Math.ceil(reach / Math.min(tau > 0 ? PACE / tau : 1, 0.6 * top.width));
      var terms = [], most = -Infinity, j, b, eta;
      for (j = -half; j <= half; j++) {
        b = top.at + reach * j / half;
        eta = mu + tau * b;
        terms.push(x * eta - n * softplus(eta) - b * b / 2);
        most = Math.max(most, terms[j + half]);
      }
      var total = 0, s = 0, sb = 0, ss = 0, ssb = 0, ssbb = 0, v = 0, vb = 0, vbb = 0;
      for (j = -half; j <= half; j++) {
        b = top.at + reach * j / half;
        var share = Math.exp(terms[j + half] - most), p = expit(mu + tau * b);
        var residual = x - n * p, spread = n * p * (1 - p);
        total += share;
        s += share * residual; sb += share * residual * b;
        ss += share * residual * residual; ssb += share * residual * residual * b; ssbb += share * residual * residual * b * b;
        v += share * spread; vb += share * spread * b; vbb += share * spread * b * b;
      }
      s /= total; sb /= total;
      out.height += most + Math.log(total * reach / half);
      out.mu += s; out.tau += sb;
      out.mumu += (ss - v) / total - s * s;
      out.mutau += (ssb - vb) / total - s * sb;
      out.tautau += (ssbb - vbb) / total - sb * sb;
    });
    return out;
  }

  // the likeliest mu at this tau, by Newton's method with step-halving
  function bestMu(data, tau, mu, tolerance) {
    var now = moments(data, mu, tau);
    for (var i = 0; i < 50; i++) {
      var step = now.mu / -now.mumu, longest = 2 + tau;
      step = Math.max(-longest, Math.min(longest, step));
      if (Math.abs(step) <= tolerance * (1 + Math.abs(mu))) break;
      var next = moments(data, mu + step, tau);
      for (var h = 0; next.height < now.height && Math.abs(next.mu) >= Math.abs(now.mu) && h < 10; h++) {
        step /= 2;
        next = moments(data, mu + step, tau);
      }
      if (Math.abs(next.mu) >= Math.abs(now.mu) && Math.abs(next.height - now.height) <= 1e-12 * Math.abs(now.height)) break;
      mu += step;
      now = next;
      if (Math.abs(mu) > 2 * BEYOND + 3 * tau) break;
    }
    return { mu: mu, at: now };
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

  function fit(data) {
    var taus = TAUS.slice(), centres = [], tops = [], mu = 0;
    for (var i = 0; i < taus.length; i++) {
      var tried = bestMu(data, taus[i], mu, i ? 1e-3 : 1e-8);
      mu = tried.mu;
      centres.push(mu);
      tops.push(tried.at.height);
      var highest = Math.max.apply(null, tops);
      if (tops[i] < highest - 12) break;
      if (i === taus.length - 1 && tops[i] >= highest && 2 * taus[i] < STEEP_LIMIT) taus.push(2 * taus[i]);
    }
    var best = tops.indexOf(Math.max.apply(null, tops));
    var low = taus[Math.max(best - 1, 0)], high = taus[Math.min(best + 1, taus.length - 1)], start = centres[best];
    function slope(tau) {
      if (tau > 0) return bestMu(data, tau, start, 1e-8).at.tau;
      var p = expit(centres[0]), expected = 0, excess = 0; // the limit of slope / tau
      data.forEach(function (study) {
        expected += study[1] * p * (1 - p);
        excess += Math.pow(study[0] - study[1] * p, 2);
      });
      return excess - expected > 1e-9 * expected ? excess - expected : -1;
    }
    if (best > 0 && slope(low) <= 0) {
      var rising = [1, 0.5, 0.2, 0.1].filter(function (share) { return slope(share * taus[best]) > 0; });
      if (rising.length) low = rising[0] * taus[best];
    }
    var tau = 0;
    if (slope(low) > 0 && slope(high) < 0) tau = root(slope, low, high);
    else if (best > 0) tau = taus[best];
    var end = bestMu(data, tau, start, 1e-12), m = end.at;
    var variance = tau === 0 ? -1 / m.mumu : -m.tautau / (m.mumu * m.tautau - m.mutau * m.mutau);
    return { mu: end.mu, se: Math.sqrt(variance), tau: tau };
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
    var fitted = k === 1 ? { mu: Math.log(x / (n - x)), se: Math.sqrt(1 / x + 1 / (n - x)), tau: null } : fit(counts);
    var quantile = critical[k - 1], half = quantile * fitted.se;
    out.estimate = expit(fitted.mu);
    out.low = expit(fitted.mu - half);
    out.high = expit(fitted.mu + half);
    if (k > 1) {
      var reach = quantile * Math.hypot(fitted.se, fitted.tau);
      out.tau2 = fitted.tau * fitted.tau;
      out.next_low = expit(fitted.mu - reach);
      out.next_high = expit(fitted.mu + reach);
    }
    return out;
  }
  return { wilson: wilson, pool: pool };
})();
