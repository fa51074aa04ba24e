-- Points in time near the clock are such for sure, and compare as constants do.
-- marketing/marketing: changed | lacks OFFSET 0 | lacks CASE WHEN
SELECT count(*) FROM customers c WHERE c.created_at >= date_trunc('month', now() - interval '12 months') AND c.created_at < date_trunc('month', now())
;;
-- marketing/marketing: changed | lacks OFFSET 0 | lacks CASE WHEN
SELECT count(*) FROM customers c WHERE c.created_at >= date_trunc('month', (NOW() + (INTERVAL '-12 month'))) AND c.created_at < DATE_TRUNC('MONTH', NOW())
;;
-- marketing/marketing: changed | lacks OFFSET 0 | lacks CASE WHEN
SELECT count(*) FROM customers c WHERE c.created_at BETWEEN date_trunc('year', current_date) AND date_trunc('day', now()) + interval '1 day'
;;
-- marketing/marketing: changed | lacks OFFSET 0
SELECT count(*) FROM customers c WHERE c.created_at > (date_trunc('week', now()) - interval '7 days')::date
;;
-- Units that are none, and moves that may leave what there is of time.
-- marketing/marketing: changed | has OFFSET 0) | error 22023
SELECT count(*) FROM customers c WHERE c.created_at >= date_trunc('moon', now())
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.created_at >= now() - interval '999 years' - interval '999 years' - interval '999 years'
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22008
SELECT count(*) FROM customers c WHERE c.created_at >= date_trunc('month', now() - interval '9999 years')
;;
-- marketing/marketing: changed | has OFFSET 0)
SELECT count(*) FROM customers c WHERE c.created_at >= date_trunc('month', now() - interval '1 month' * 3)
;;
-- marketing/marketing: changed | has OFFSET 0) | error 22023
SELECT count(*) FROM customers c, products p WHERE c.created_at >= date_trunc(p.name, now())
